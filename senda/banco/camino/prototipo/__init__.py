"""El mismo camino a mano, con las primitivas: py-amqp, psycopg, cryptography, msgspec y jsonschema-rs."""

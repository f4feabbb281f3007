# Hace de python:3.11-slim.
ARG DEBIAN
FROM ${DEBIAN}
RUN echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/rapido \
 && apt-get update -qq \
 && apt-get install -qq -y --no-install-recommends python3 python3-venv >/dev/null \
 && rm -rf /var/lib/apt/lists/*

"""El banco: cuánto tarda Senda, como razón contra las primitivas en la misma corrida y sobre los mismos bytes."""

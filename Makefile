# make         crea .venv con todo            make demo    el recorrido completo, en un solo proceso
# make test    todas las pruebas              make ayuda   el resto
.DEFAULT_GOAL := entorno
SHELL := /bin/sh
.SUFFIXES:

VENV := .venv
PY := $(VENV)/bin/python
SEMILLAS ?= 20
DESDE ?= 1
ANOTADO ?= simulacion.jsonl
HOSTILES ?= 100000
ASEDIO ?=
OPCIONES ?=
PROCESOS ?= auto

# El primero que sea 3.11 o posterior; `make PYTHON=/ruta/a/python` lo fija.
CANDIDATOS := python3 python3.13 python3.12 python3.11 python
ES_BUENO := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))

# Un `user = true` en la configuración de pip impide instalar en un entorno virtual.
export PIP_USER := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Quien lo tenga puesto haría que cada proceso que se lanza, y son cientos, compilase todo lo que importa.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: entorno demo test mentiras simulacion simulacion-larga fallos hostil conformidad respaldo despliegue bench lint formato tipos capas servicios limpio ayuda

entorno: $(VENV)/.desarrollo ## crea .venv con lo de ejecución y lo de desarrollo
	@:

$(PY):
	@p="$(PYTHON)"; \
	if [ -z "$$p" ]; then for c in $(CANDIDATOS); do \
	  if "$$c" -c '$(ES_BUENO)' >/dev/null 2>&1; then p="$$c"; break; fi; done; fi; \
	if [ -z "$$p" ] || ! "$$p" -c '$(ES_BUENO)' >/dev/null 2>&1; then \
	  echo "Hace falta Python 3.11 o posterior con el módulo venv (en Debian y Ubuntu: apt-get install python3 python3-venv)." >&2; \
	  echo "Si está en otro sitio: make PYTHON=/ruta/a/python3.11" >&2; exit 1; fi; \
	echo "Entorno en $(VENV) con $$("$$p" -V)"; \
	"$$p" -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "No se pudo crear $(VENV). En Debian y Ubuntu: apt-get install python3-venv" >&2; exit 1; }

# Dos marcas: para la demo basta lo de ejecución. Solo se reinstala si cambian los requisitos.
$(VENV)/.ejecucion: requisitos.txt pyproject.toml | $(PY)
	@echo "Instalando lo de ejecución…"
	@$(PY) -m pip install -q --no-compile -r requisitos.txt
	@$(PY) -m pip install -q --no-deps -e .
	@touch $@

$(VENV)/.desarrollo: requisitos-dev.txt requisitos-trazas.txt $(VENV)/.ejecucion
	@echo "Instalando lo de desarrollo…"
	@$(PY) -m pip install -q --no-compile -r requisitos-dev.txt
	@touch $@

$(VENV)/.banco: requisitos-banco.txt $(VENV)/.ejecucion
	@echo "Instalando lo que el banco compara…"
	@$(PY) -m pip install -q --no-compile -r requisitos-banco.txt
	@touch $@

demo: $(VENV)/.ejecucion ## recorrido completo embebido; OPCIONES="--semilla 7 --json" para la orden
	@$(VENV)/bin/senda demo $(OPCIONES)

test: $(VENV)/.desarrollo ## todas las pruebas, con RabbitMQ y PostgreSQL de verdad; OPCIONES para pytest
	@$(PY) -m tests.servicios_reales
	@$(PY) -m pytest -n $(PROCESOS) --maxprocesses=8 --ignore=tests/despliegue $(OPCIONES)

mentiras: $(VENV)/.desarrollo ## un operador con todas las claves miente de cada manera, y qué lo delata; OPCIONES="--base URL"
	@$(PY) -m tests.mentiras $(OPCIONES)

simulacion: $(VENV)/.desarrollo ## historias con fallos al azar, regresiones y mutaciones: make simulacion SEMILLAS=500
	@$(PY) -m tests.simulacion --cuantas $(SEMILLAS) --procesos $(PROCESOS)
	@$(PY) -m pytest tests/simulacion -n $(PROCESOS) --maxprocesses=8 $(OPCIONES)

simulacion-larga: $(VENV)/.desarrollo ## solo historias, reanudable: make simulacion-larga SEMILLAS=100000 DESDE=1
	@$(PY) -m tests.simulacion --semilla $(DESDE) --cuantas $(SEMILLAS) --procesos $(PROCESOS) --progreso \
	  --json $(ANOTADO) --resumen $(ANOTADO:.jsonl=.json) $(OPCIONES)

fallos: $(VENV)/.desarrollo ## servicios, bus y base de verdad, rotos a propósito: make fallos SEMILLAS=500 OPCIONES="--anotado fallos.jsonl --json docs/medidas/fallos.json"
	@$(PY) -m tests.fallos --cuantas $(SEMILLAS) $(OPCIONES)

hostil: $(VENV)/.desarrollo ## cien mil mensajes hostiles a un servicio, y cuánto retrasa a las demás quien inunda
	@SENDA_HOSTILES=$(HOSTILES) $(PY) -m pytest tests/integracion/mensajeria/test_hostil.py -k ligera -s $(OPCIONES)
	@$(PY) -m tests.asedio $(ASEDIO)

conformidad: $(VENV)/.desarrollo ## los clientes del kit por todos los escenarios, y todos los defectos que han de suspender
	@SENDA_CONFORMIDAD=entera $(PY) -m pytest tests/conformidad -n $(PROCESOS) --maxprocesses=8 $(OPCIONES)

respaldo: $(VENV)/.desarrollo ## copia base, restauración a un instante y recuperación, con PostgreSQL propios
	@SENDA_RESPALDO=entero $(PY) -m pytest tests/integracion/restauracion -n $(PROCESOS) --maxprocesses=8 $(OPCIONES)

# Sin xdist: cada compose se queda con la máquina entera.
despliegue: $(VENV)/.desarrollo ## los contenedores de verdad: compose, clúster roto y actualización; OPCIONES="-m 'not larga'"
	@$(PY) -m pytest tests/despliegue -p no:xdist $(OPCIONES)

# Los dos aunque uno no llegue a sus metas; sale con 1 si alguno no llegó.
bench: $(VENV)/.banco ## de la solicitud al libro, y el libro: contra las primitivas y lo demás; OPCIONES="--hechos 20000"
	@mal=0; \
	$(VENV)/bin/senda bench camino $(if $(OPCIONES),$(OPCIONES),--json docs/medidas/camino.json --grafico docs/medidas/camino.svg) || mal=1; \
	$(VENV)/bin/senda bench libro $(if $(OPCIONES),$(OPCIONES),--json docs/medidas/banco.json) || mal=1; \
	exit $$mal

lint: $(VENV)/.desarrollo ## ruff: reglas y formato
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .

formato: $(VENV)/.desarrollo ## arregla lo que ruff sabe arreglar
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .

tipos: $(VENV)/.desarrollo ## mypy --strict
	@$(VENV)/bin/mypy

capas: $(VENV)/.desarrollo ## quién puede importar a quién
	@$(VENV)/bin/lint-imports --no-logo

servicios: $(VENV)/.desarrollo ## deja listos RabbitMQ y PostgreSQL para las pruebas (instala si hace falta y se puede)
	@$(PY) -m tests.servicios_reales

limpio: ## borra el entorno y lo que dejan las herramientas
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

ayuda: ## esta lista
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

# Bootstraps .venv with nox, then hands over: every target is one nox session.
#   make demo                 a training script as an ML Job, with no account
#   make test                 the checks and the test suite
#   make connect              a dev box inside Snowflake
CONNECTION ?=
PROJECT    ?= ml_dev
INSTANCE   ?= CPU_X64_M
POOL       ?=
IDE        ?=
PYTHON     ?= python3
FILE       ?=
DIR        ?=
ENTRYPOINT ?= main.py
ARGS       ?=

VENV := .venv
NOX  := $(VENV)/bin/nox
CONNECT := $(if $(CONNECTION),--connection $(CONNECTION))
BOX     := --project "$(PROJECT)" $(if $(POOL),--pool $(POOL))

.DEFAULT_GOAL := help
.PHONY: help install demo test setup connect submit submit-dir clean distclean

help:
	@echo "snowflake-ml-accelerator"
	@echo ""
	@echo "  make demo                    run examples/quickstart/train.py as an ML Job on the local backend"
	@echo "  make test                    lint, types and the test suite"
	@echo "  make install                 install sfml into .venv"
	@echo "  make submit FILE=train.py    submit a Python file as an ML Job"
	@echo "  make submit-dir DIR=project  submit a directory (ENTRYPOINT=main.py)"
	@echo "  make setup                   create the pool, stage and network access of a dev box"
	@echo "  make connect                 make the dev box, or start it; IDE=code or IDE=cursor opens it"
	@echo "  make clean                   remove the dev box and what was made for it, after a plan"
	@echo "  make distclean               remove .venv, caches and the local backend's state"
	@echo ""
	@echo "  CONNECTION=name   a connection of your connections.toml, or: local"
	@echo "  PROJECT=name      project name (now: $(PROJECT))"
	@echo "  INSTANCE=family   instance family (now: $(INSTANCE))"
	@echo "  POOL=name         compute pool of the dev box; by default named after the project"
	@echo "  ARGS='…'          more arguments for the command behind the target"
	@echo ""
	@echo "All sessions: $(NOX) -l"

$(NOX):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "make: $(PYTHON) is older than 3.11; name a newer one: make PYTHON=python3.12 …" >&2; exit 1; }
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv --quiet --allow-existing --python "$$(command -v $(PYTHON))" $(VENV) && \
	  uv pip install --quiet --python $(VENV)/bin/python -c toolkit/constraints.txt nox; \
	else \
	  { $(PYTHON) -m venv $(VENV) || \
	    { echo "make: $(PYTHON) has no venv module (Debian and Ubuntu: apt install python3-venv)" >&2; exit 1; }; } && \
	  $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c toolkit/constraints.txt nox; \
	fi

install: $(NOX)
	@$(NOX) -s install

demo: $(NOX)
	@echo "demo: submits examples/quickstart/train.py as an ML Job to a local backend on 127.0.0.1."
	@echo "demo: no Snowflake account is used; the first run installs the packages into .venv (about a minute)."
	@$(NOX) -s submit -- --connection local --yes examples/quickstart/train.py $(ARGS)

test: $(NOX)
	@$(NOX) -s lint tests

submit: $(NOX)
	@test -n "$(FILE)" || { echo "make: which file? make submit FILE=train.py [CONNECTION=name]" >&2; exit 2; }
	@$(NOX) -s submit -- $(CONNECT) "$(FILE)" $(ARGS)

submit-dir: $(NOX)
	@test -n "$(DIR)" || { echo "make: which directory? make submit-dir DIR=project [ENTRYPOINT=main.py]" >&2; exit 2; }
	@$(NOX) -s submit -- $(CONNECT) "$(DIR)" --entrypoint "$(ENTRYPOINT)" $(ARGS)

setup: $(NOX)
	@$(NOX) -s dev-up -- --prepare $(CONNECT) $(BOX) --family "$(INSTANCE)" $(ARGS)

connect: $(NOX)
	@$(NOX) -s dev-up -- $(CONNECT) $(BOX) --family "$(INSTANCE)" $(ARGS)
	@$(if $(IDE),$(VENV)/bin/sfml $(IDE) --project "$(PROJECT)")

clean: $(NOX)
	@$(NOX) -s dev-down -- $(CONNECT) $(BOX) $(ARGS)

distclean:
	@if [ -x $(VENV)/bin/sfml ]; then $(VENV)/bin/sfml local stop; fi
	rm -rf $(VENV) .nox .sfml .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

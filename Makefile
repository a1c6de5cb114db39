# make demo: see it ring. make test: see it hold. Everything else builds on these two.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: install demo up test check format lint types bench nightly lock clean
.DEFAULT_GOAL := help

help:
	@echo "make demo     the shipped scenario, alarms in the terminal"
	@echo "make up       docker compose: Kafka, Elasticsearch, Kibana, Grafana, Prometheus, workers"
	@echo "make test     all tests (engine tests need Java and Maven)"
	@echo "make check    format, lint, types, architecture, tests"
	@echo "make bench    benchmarks; make nightly: long failure tests; make clean"

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "nabat needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: install
	@$(BIN)/nabat demo

up:
	@sh infra/compose.sh

test: install
	$(BIN)/python -m pytest

format: install
	$(BIN)/ruff format --check .

lint: install
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: install
	$(BIN)/mypy

check: format lint types test

bench: install
	$(BIN)/python -m pytest tests/benchmarks -p no:randomly -m "not nightly" -s

nightly: install
	$(BIN)/python -m pytest -m nightly --timeout 3600

lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --group dev pyproject.toml -o requirements.lock
	echo hatchling | uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links -c requirements.lock pyproject.toml - -o infra/requirements.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist

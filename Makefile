# Two commands matter: `make run` and `make test`. Everything they need, they set up.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: run test setup check mutants services clean

run: .venv/.run-ready
	@$(BIN)/python app.py

# A worker for each core, at most 8: each starts servers of its own. A file stays with one worker.
test: setup services
	@$(BIN)/python -m pytest --numprocesses=auto --maxprocesses=8 --dist=loadfile

setup: .venv/.test-ready

check: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -q tests/test_documents.py

# An hour at most; docs/mutation.md. `make mutants MUTANTS="--only 'auth.quotas.*' --sample 0"`
mutants: setup
	@$(BIN)/python -m tests.mutations $(MUTANTS)

services:
	@sh tests/install_services.sh

clean:
	rm -rf .venv mutants .pytest_cache .mypy_cache .ruff_cache artefacts

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Greenroom needs Python 3.11 or newer: make run PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Making .venv …"
	@$(PYTHON) -m venv .venv

.venv/.run-ready: requirements.txt constraints.txt | .venv/bin/python
	@echo "Installing what Greenroom needs; the first time takes a minute or two …"
	@$(PIP_INSTALL) -r requirements.txt
	@touch $@

.venv/.test-ready: requirements-dev.txt .venv/.run-ready
	@echo "Installing what the tests need …"
	@$(PIP_INSTALL) -r requirements-dev.txt
	@touch $@

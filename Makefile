# Everything a newcomer types is a target here; `make` alone lists them.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
ROOMS := domain worker scheduler

.DEFAULT_GOAL := help
.PHONY: help install demo test check bench drill lock clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The stamp is written last, so an interrupted installation is simply done again; one that was interrupted before pip was there, anew.
HAS_PIP := $(BIN)/python -m pip --version > /dev/null 2>&1

$(STAMP): pyproject.toml .requirements.lock
	@command -v $(PYTHON) > /dev/null || { echo "There is no $(PYTHON): install it, or name another, for example make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Perpetua needs Python 3.11 or newer, and $(PYTHON) is older: name another one, for example make PYTHON=python3.12" >&2; exit 1; }
	@echo "Preparing .venv (once; a minute or two)"
	@$(HAS_PIP) || $(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .requirements.lock
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

install: $(STAMP) ## Create .venv with the locked dependencies.

demo: $(STAMP) ## Post a real shop's documents from stream to both ledgers and show them agree.
	@$(BIN)/perpetua demo

# Each file stays in one process, so that what its tests share is set up once; in the order of the folders, whose last files are short ones, all
# end at about the same time. There are three of them to two cores, since half of the time tests wait for what real processes do.
test: check ## Run the checks and the tests.
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -q

check: $(STAMP) ## Run format, style, type and floor checks.
	@$(BIN)/ruff format --check --quiet $(ROOMS) tests
	@$(BIN)/ruff check --quiet $(ROOMS) tests
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

bench: $(STAMP) ## Measure speed against the floors; prints one table.
	@$(BIN)/python -m pytest -m bench -q -s tests/benchmarks

drill: $(STAMP) ## Run the exhaustive forms of the tests (minutes).
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m drill -q

# One lock for every supported Python and platform. It names no registry: pip asks the one it is set up for.
lock: ## Resolve pyproject.toml anew into .requirements.lock.
	@$(HAS_PIP) || $(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9'
	@$(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes --upgrade \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links --output-file .requirements.lock pyproject.toml

clean: ## Remove .venv and caches (never the data folder).
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist *.egg-info
	@find $(ROOMS) tests -name __pycache__ -type d -prune -exec rm -rf {} +

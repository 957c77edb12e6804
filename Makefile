# Two commands do everything on a fresh machine with Python >= 3.11, venv and make:
#   make run    the daemon, with the seed, on the shipped configuration
#   make test   everything that must pass
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
ARGS ?=
ENGINE ?= docker
IMAGE ?= alerts

.PHONY: help run install test check faults mutants web api container simulate demo bench docs images lock clean

help:  ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "make: $(PYTHON) is older than 3.11: name a newer one with PYTHON=python3.x" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing into $(VENV) (a minute on a first run) ..."
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@echo "Installing what the checks and tests need ..."
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.installed-web: requirements-web.lock $(VENV)/.installed-dev
	@echo "Installing what the tests of HTTP need ..."
	@$(PIP) --require-hashes -r requirements-web.lock
	@touch $@

install: $(VENV)/.installed  ## make .venv with the alerts command

run: install  ## load the seed and start the daemon (Ctrl-C stops it)
	@mkdir -p var
	@$(BIN)/alerts load seeds/*.yaml
	@exec $(BIN)/alerts run $(ARGS)

demo: install  ## replay the truce autumn of 2025, then walk through it in a browser (Ctrl-C ends it; ARGS=--no-page leaves it out)
	@$(BIN)/python -m benchmarks.truce_autumn $(ARGS)

check: $(VENV)/.installed-dev  ## the quick part: format, lint, types, contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

# Twice as many processes as processors: a third of the time a test waits for a server or a timer, and some wait a minute.
test: check  ## everything that must pass, on twice as many processes as there are processors (up to five)
	@$(BIN)/python -m pytest --numprocesses $$(( 2 * $$(getconf _NPROCESSORS_ONLN) )) --maxprocesses 5 --dist loadfile --no-loadscope-reorder $(ARGS)

# The tests start many processes: with the modules' bytecode on disk, each starts in three quarters of the time.
test faults simulate: export PYTHONDONTWRITEBYTECODE =

faults: $(VENV)/.installed-dev  ## kill the program wherever it leaves something else, and stop replicas; all of the store on both databases (half an hour and more; SEED=n repeats a run, SCENES="absence" kills in some scenes only)
	@FAULTS=all $(BIN)/python -m pytest -s -rs tests/faults tests/channels tests/store tests/test_*.py tests/cli/test_damage.py \
	  tests/cli/test_imports.py tests/cli/test_many_commitments.py tests/cli/test_surroundings.py \
	  tests/faults/versions_meet.py tests/faults/copies_under_load.py $(ARGS)

mutants: $(VENV)/.installed-dev  ## take out one guard at a time: a test must fail for each (half an hour and more)
	@$(BIN)/python -m tests.mutants $(ARGS)

web: $(VENV)/.installed-web  ## the HTTP server under kills, floods, browsers and Prometheus (half an hour; names the tools that are missing)
	@$(BIN)/python -m tests.web.tools
	@WEB=all $(BIN)/python -m pytest -rs tests/web tests/actions $(ARGS)
	@$(BIN)/python -m benchmarks.answer_load

api: $(VENV)/.installed-web  ## try the API by its document, all checks, statefully (a quarter of an hour; ARGS="--seconds 60 --seed 1")
	@$(BIN)/python -m tests.web.api_fuzzing $(ARGS)

container: $(VENV)/.installed-dev  ## try the image as a service (build it before: docker build -t alerts .)
	@$(BIN)/python -m tests.image --engine "$(ENGINE)" --image "$(IMAGE)" $(ARGS)

simulate: $(VENV)/.installed-dev  ## ten years of 2,000 commitments, ten times, against an independent calculation; 100,000 odd texts (an hour on two idle cores)
	@$(BIN)/python -m tests.simulation $(ARGS)
	@SIMULATE=whole $(BIN)/python -m pytest -q --hypothesis-show-statistics tests/deadlines/test_grammar_properties.py \
	  tests/deadlines/test_rule_expansion.py tests/deadlines/test_dependent_series.py \
	  tests/channels/test_generated.py tests/channels/test_odd_mails.py tests/test_cron.py tests/replay/test_truce_autumn.py

bench: $(VENV)/.installed-dev  ## measure commands, ticks, loads, deliveries and waits; name what got worse since the kept figures (ten minutes; ARGS="loads")
	@$(BIN)/python -m benchmarks $(ARGS)

docs: $(VENV)/.installed-dev  ## renew the tables in docs/templates.md and docs/api.md, and the JSON Schemas
	@$(BIN)/python -m pages.templates
	@$(BIN)/python -m pages.schemas
	@$(BIN)/python -m pages.api_reference

images: $(VENV)/.installed-dev  ## take the pictures of docs/images again (needs a Chromium)
	@$(BIN)/python -m pages.images

lock: $(VENV)/.installed-dev  ## renew the lock files (needs uv), and sbom.json
	uv pip compile -q --generate-hashes --no-emit-index-url --universal --python-version 3.11 --no-header --no-annotate \
	  --extra postgres --extra build pyproject.toml -o requirements.lock
	uv pip compile -q --generate-hashes --no-emit-index-url --universal --python-version 3.11 --no-header --no-annotate \
	  --extra postgres --extra build --extra dev pyproject.toml -c requirements.lock -o requirements-dev.lock
	uv pip compile -q --generate-hashes --no-emit-index-url --universal --python-version 3.11 --no-header --no-annotate \
	  --extra postgres --extra build --extra dev --extra web-tests pyproject.toml -c requirements-dev.lock -o requirements-web.lock
	@$(BIN)/python -m pages.sbom

clean:  ## remove .venv and caches; var/ (the database) stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache dist

# The front door: `make run` builds the lakehouse from data/, `make test` proves it. Both install first if need be.

# python3 where it fits, else the newest python3.X on PATH that does.
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))
PYTHON ?= $(or $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c '$(FITS)' >/dev/null 2>&1 && echo $$python && break; done),python3)
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# Each process has services, an engine and folders of its own.
PYTEST := $(BIN)/python -m pytest --numprocesses 2

.PHONY: run dev test unit test-all test-pythons test-cluster test-faults bench bench-scale lint audit constraints format \
	docs screenshots clean help

help: ## Show this
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(INSTALLED) ## Build, audit and publish every table from data/
	@$(BIN)/stedi run

dev: $(INSTALLED) ## Serve the Dagster UI and the embedded services
	@$(BIN)/stedi dev

test: $(INSTALLED) lint audit ## Everything that is tested: ruff, mypy, cfn-lint, the dependencies, pytest
	$(BIN)/python -m pytest $(TWO_PROCESSES) --dist loadfile --no-loadscope-reorder

test-cluster: $(INSTALLED) ## The job on a Spark cluster of four processes, one of which is killed (part of make test)
	$(BIN)/python -m pytest stedi_assets_tests/engines/test_cluster.py

test-faults: $(INSTALLED) ## The long tests of faults and load, which make test leaves out
	$(BIN)/python -m pytest -m faults $(TWO_PROCESSES) --dist load --maxschedchunk 1

bench: $(INSTALLED) ## Measure against plain scripts, into docs/benchmarks.md (an hour); BENCH="--scale 10 --only stedi"
	$(BIN)/python -m benchmarks $(BENCH)

bench-scale: $(INSTALLED) ## Derive docs/scale.md from what was measured
	$(BIN)/python -m benchmarks.scale

lint: $(INSTALLED) ## ruff, mypy, cfn-lint, and whether the installed packages fit together
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .
	$(BIN)/mypy
	$(BIN)/cfn-lint stedi_assets/aws/template.yaml
	$(BIN)/python -m pip check

audit: $(INSTALLED) ## Whether a dependency was withdrawn, or has known vulnerabilities: what an index says today
	$(BIN)/python -m stedi_assets_tests.tools.dependencies

# After a changed pin in setup.py: resolved anew, in a virtual environment of its own, without the old constraints.
constraints: ## Write constraints.txt: the versions of everything that the pins of setup.py bring with them
	@rm -rf $(VENV)-of-pins
	@$(PYTHON) -m venv $(VENV)-of-pins
	@$(VENV)-of-pins/bin/pip install --quiet --editable '.[test]'
	@$(VENV)-of-pins/bin/pip list --format=freeze --exclude-editable --exclude setuptools > constraints.txt
	@rm -rf $(VENV)-of-pins

format: $(INSTALLED) ## Put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(INSTALLED) ## Write the tables in docs/ that are made from the product
	$(BIN)/python -m stedi_assets.documentation

screenshots: $(INSTALLED) ## Take the pictures in docs/screenshots/ of the running product, in headless Chromium
	$(BIN)/python -m stedi_assets_tests.tools.screenshots

clean: ## Remove the virtual environment and this home (its services are stopped first)
	@if [ -x $(BIN)/stedi ]; then $(BIN)/stedi down; fi
	rm -rf $(VENV) .stedi

# Made anew whenever a pin changes. The stamp comes last: an installation that broke off is begun again.
$(INSTALLED): setup.py pyproject.toml constraints.txt
	@$(PYTHON) -c '$(FITS)' 2>/dev/null || { echo "Python 3.11 to 3.14 is needed; found $$($(PYTHON) --version 2>&1)." \
		"Install one, or name it: make run PYTHON=/path/to/python3.12" >&2; exit 2; }
	@echo "installing into $(VENV) (once, about two minutes)" >&2
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	@touch $(INSTALLED)

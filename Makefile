# `make demo` and `make test` need only Python >= 3.11; everything else they set up in .venv.
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3 python; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo "$$python" && break; done)
BIN := .venv/bin
SETUP := .venv/.ready
BENCH_SETUP := .venv/.bench-ready
PROTOS := src/segsvc/v1/__init__.py
# Also pins what the build itself uses.
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: help setup proto demo bench bench-full test test-all check format constraints clean

help:  ## What make can do.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(SETUP) $(PROTOS)  ## A virtual environment with the project and its tools.

$(SETUP): pyproject.toml constraints.txt hatch_build.py
	@test -n "$(PYTHON)" || { echo "segsvc needs Python >= 3.11 on the path, or PYTHON=..."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet grpcio-tools --editable '.[dev,test,postgresql]'
	touch $@

$(PROTOS): $(SETUP) $(wildcard proto/segsvc/v1/*.proto)
	$(BIN)/python hatch_build.py

demo: setup  ## A generated store through a real server, under a minute.
	$(BIN)/segsvc demo

proto: $(PROTOS)  ## Python from proto/, into src/segsvc/v1.

test: setup  ## The tests, under five minutes.
	$(PYTEST) -m "not long"

test-all: setup  ## The tests that take minutes too.
	$(PYTEST)

$(BENCH_SETUP): $(SETUP)
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	touch $@

bench: setup $(BENCH_SETUP)  ## Every benchmark at 1M contacts and 10M events, and the peers; ten minutes.
	$(BIN)/python -m benchmarks run --size 1m
	$(BIN)/python -m benchmarks draw benchmarks/results/1m.json

bench-full: setup $(BENCH_SETUP)  ## The same at 10M contacts and 100M events.
	$(BIN)/python -m benchmarks run --size 10m
	$(BIN)/python -m benchmarks draw benchmarks/results/10m.json

check: setup  ## Format, lint, types, layers, proto lint.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/buf lint

format: setup  ## Rewrite to the one format.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

constraints: setup  ## Newest versions of everything, pinned.
	PIP_CONSTRAINT= $(BIN)/python -m pip install --quiet --upgrade --upgrade-strategy eager \
		editables grpcio-tools hatchling --editable '.[bench,dev,test,postgresql]'
	{ echo '# Every version that make installs. Renewed by `make constraints`.'; \
		$(BIN)/python -m pip freeze --exclude-editable; } > constraints.txt

clean:  ## Everything that make made.
	rm -rf .venv .bench .demo build dist src/segsvc/v1 .mypy_cache .ruff_cache .pytest_cache .hypothesis

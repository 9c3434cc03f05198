# `make verify` and `make test` need make and Python 3.11 or newer, and nothing else first.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTHON ?= python3 python3.13 python3.12 python3.11 python3.14 python
JOBS ?= auto
ARGS ?=

# uv takes seconds for what takes pip minutes; where it cannot reach an index that pip is set up for, pip does it.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
UV := $(BIN)/python -m uv pip install --quiet --python $(BIN)/python --constraint constraints.txt
PACKAGE := --editable '.[all,dev]'

# Processes that run side by side get one thread each.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1

# Small studies compile for longer than they run.
QUICK_COMPILE := JAX_DISABLE_MOST_OPTIMIZATIONS=1

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help install verify test format lint types layers tests slow figures studies bench clean

help:
	@echo "make verify   hold the flows against the theorems: out/report.html   (ARGS='steepest/* --seed 1')"
	@echo "make test     format, lint, types, layers, doctests and tests"
	@echo "make figures  draw every figure into out/figures"
	@echo "make slow     the long tests and the long checks"
	@echo "make studies  methods against each other, in full: some hours, taken up where it was stopped"
	@echo "make bench    ratios against what one would use instead"
	@echo "make format   put the code into its form"
	@echo "make clean    remove everything that was made, the environment included"

install: $(STAMP)
	@:

verify: $(STAMP)
	@$(BIN)/mirrorflow verify $(ARGS)
	@$(if $(ARGS),:,$(QUICK_COMPILE) $(BIN)/mirrorflow study --all)

test: lint types layers tests

format: $(STAMP)
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

lint: $(STAMP)
	@echo "== format"
	@$(BIN)/ruff format --check || { echo "run 'make format' to put the files above into their form" >&2; exit 1; }
	@echo "== lint"
	@$(BIN)/ruff check

types: $(STAMP)
	@echo "== types"
	@$(BIN)/basedpyright --pythonpath $(BIN)/python

layers: $(STAMP)
	@echo "== layers"
	@$(BIN)/lint-imports --cache-dir .cache/importlinter

tests: $(STAMP)
	@echo "== doctests and tests"
	@$(ONE_THREAD) $(BIN)/pytest -n $(JOBS) --dist worksteal --durations 10 $(ARGS)

slow: $(STAMP)
	@$(ONE_THREAD) $(BIN)/pytest -n $(JOBS) --dist worksteal --durations 20 -m slow $(ARGS)
	@$(BIN)/mirrorflow verify --full

studies: $(STAMP)
	@$(BIN)/mirrorflow study --all --full $(ARGS)

figures: $(STAMP)
	@$(BIN)/mirrorflow figure --all $(ARGS)

bench: $(STAMP)
	@$(BIN)/python benchmarks/run.py $(ARGS)

clean:
	rm -rf $(VENV) .cache build dist out
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): pyproject.toml constraints.txt | $(BIN)/python
	@echo "== installing mirrorflow and what it needs into $(VENV) (some minutes the first time)"
	@$(PIP) uv && $(UV) $(PACKAGE) \
	  || { echo "== once more with pip alone" && $(PIP) $(PACKAGE); } \
	  || { echo "the installation failed, see above; 'make clean' starts afresh" >&2; exit 1; }
	@touch $@

$(BIN)/python:
	@for candidate in $(PYTHON); do \
	  if "$$candidate" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	    echo "== creating $(VENV) with $$("$$candidate" --version)"; \
	    exec "$$candidate" -m venv --clear $(VENV); \
	  fi; \
	done; \
	echo "mirrorflow needs Python 3.11 or newer with its venv module, and found none under the name(s): $(PYTHON)" >&2; \
	echo "name one: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; \
	exit 1

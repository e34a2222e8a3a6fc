# make demo   set everything up and run the main job offline on the sample transcripts
# make test   set everything up and run all tests
# make app    open the web app
# make check  ruff, mypy strict, import contracts
# make bench  quality and speed of the local engine (quality needs ../shared/evaluation; the others: docs/reference.md)
# make train  fit the local engine's heads from benchmarks/corpus again

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test app check bench train setup clean

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

setup: $(VENV)/.installed-dev

demo: $(VENV)/.installed
	$(BIN)/assistant demo

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest $(PYTEST_ARGS)

app: $(VENV)/.installed
	$(BIN)/assistant app

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.coding
	$(BIN)/python -m benchmarks.speed

train: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.train

clean:
	rm -rf $(VENV) out build dist

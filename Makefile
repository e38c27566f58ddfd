# `make up` and `make test` do everything, set-up included: Python 3.11+, git and make are enough.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed

.PHONY: setup up test check fmt bench mutate lock

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml adapters/pyproject.toml qr/pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet uv
	VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --require-hashes -r requirements.lock
	VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --no-deps -e ./qr -e ./adapters -e .
	touch $@

up: setup
	$(BIN)/idp-bridge up

test: setup
	$(BIN)/python -m tests.prepare
	$(BIN)/pytest -n 2 --dist loadfile --ignore=tests/live
	$(BIN)/pytest tests/live -n 2

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup
	$(BIN)/python -m benchmarks

mutate: setup
	$(BIN)/python -m tests.mutate

# The lock names versions and hashes only, never the host they came from.
lock: 
	$(BIN)/uv lock
	$(BIN)/uv export --quiet --all-packages --all-extras --all-groups --no-emit-workspace --no-header --format requirements-txt -o requirements.lock

# make demo   set up, ingest sample_docs/, ask two questions      (no model hub, no Ollama needed)
# make test   set up, run every test                               make fast: those of about a minute
# make soak   the longest tests of faults and load: an hour
# make fuzz   look for bytes that break readers, chunker, terms, settings or import: a quarter of an hour
# make check  lint and types        make bench: measure            make wheel: build and try it

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/ready

# pip honours PIP_INDEX_URL, PIP_EXTRA_INDEX_URL and PIP_CONFIG_FILE.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

# Without bytecode every child process would compile all of ragcli again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test fast soak check bench fuzz wheel clean
.DEFAULT_GOAL := demo

# pip first: older ones know no dependency groups.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "ragcli needs Python 3.11 or newer: make PYTHON=python3.12 ..." >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(INSTALL) torch
	$(INSTALL) --editable '.[offline]' --group test --group lint
	@touch $@

demo: $(READY)
	$(BIN)/rag ingest sample_docs
	$(BIN)/rag query "How many dimensions does the default model have?"
	$(BIN)/rag ask --generator extractive "Who proposed reciprocal rank fusion, and when?"
	$(BIN)/rag ask --generator extractive "倒数排名融合是谁在哪一年提出的？"

# The longest first, so that no core waits at the end.
test: $(READY)
	$(BIN)/python -m pytest tests/slow tests/medium tests/fast \
		--numprocesses auto --dist loadfile --no-loadscope-reorder

fast: $(READY)
	$(BIN)/python -m pytest tests/fast --numprocesses auto --dist loadfile

soak: $(READY)
	$(BIN)/python -m pytest tests -m soak --soak-report=docs/soak.md --numprocesses auto --dist load

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# What breaks a target is kept in build/fuzz.
FUZZ_SECONDS ?= 60
fuzz: $(READY)
	$(INSTALL) --group fuzz
	$(BIN)/python tests/fuzz/run.py --seconds $(FUZZ_SECONDS)

bench: $(READY)
	$(BIN)/python benchmarks/run.py

# What is shipped is what is tried: the wheel in an environment of its own.
wheel: $(READY)
	rm -rf dist build/wheel
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .
	$(PYTHON) -m venv build/wheel
	build/wheel/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	build/wheel/bin/python -m pip install --quiet -c constraints.txt torch
	build/wheel/bin/python -m pip install --quiet -c constraints.txt \
		"$$(ls -d $$PWD/dist/*.whl)[offline]"
	build/wheel/bin/rag ingest sample_docs --project build/wheel/try
	build/wheel/bin/rag query "What is a chunk?" --project build/wheel/try

clean:
	rm -rf $(VENV) .rag dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis

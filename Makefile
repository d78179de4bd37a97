# `make demo` and `make test` do all the set-up: they make .venv when it is missing or older than what it is made from.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test check slow bench studies docs clean

help:
	@echo "make demo     install, run the study 'higgs', say where the report is"
	@echo "make test     install, run the tests"
	@echo "make check    format, lint, types, import rules, then the tests with coverage"
	@echo "make slow     the tests that take longer"
	@echo "make bench    the benchmarks (nothing else should run meanwhile)"
	@echo "make studies  every built-in study, and the tables and figures of their pages"
	@echo "make docs     the documentation, in site/"
	@echo "make clean    remove .venv and everything that was built"

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "lawful needs Python 3.11 or newer; $(PYTHON) is older. Use: make PYTHON=python3.12 ..."; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[all]'
	@touch $@

demo: $(STAMP)
	$(BIN)/lawful run higgs --out runs/higgs $$(test -f runs/higgs/provenance.json && echo --force)
	@echo "open $(CURDIR)/runs/higgs/report.html"

test: $(STAMP)
	$(BIN)/python -m pytest -n auto

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n auto --cov --cov-report=term:skip-covered --cov-fail-under=90

slow: $(STAMP)
	$(BIN)/python -m pytest -m slow

bench: $(STAMP)
	$(BIN)/python benchmarks/run_all.py

studies: $(STAMP)
	@for study in $$($(BIN)/lawful studies | cut -d' ' -f1); do \
		$(BIN)/lawful run $$study --out runs/$$study $$(test -f runs/$$study/provenance.json && echo --force) || exit 1; done
	@for script in lake study_infinite_well study_projectile study_spring study_drag study_higgs; do \
		$(BIN)/python benchmarks/$$script.py || exit 1; done

docs: $(STAMP)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "open $(CURDIR)/site/index.html"

clean:
	rm -rf .venv site build dist

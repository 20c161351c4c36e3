# One command for each thing a person does here. `make report` and `make test` each work as the very first
# one: they set up what is missing, which needs python3 (3.11 or newer) and nothing else of ours.
#
# Debian packages that the set-up installs when it may (else it prints the command, also for Fedora and macOS);
# report/toolchain.py holds the list, with the programs and styles that are looked for:
#   latexmk                    runs pdflatex as often as the references need
#   texlive-latex-recommended  pdflatex, amsmath, booktabs, caption, microtype, xcolor; hyperref and bookmark
#                              come with what it depends on
#   lmodern                    Computer Modern as outlines, with accents for names
#   pythonX.Y-venv             Debian keeps ensurepip apart from python3
# and for `make test` also
#   poppler-utils              pdftotext and pdftoppm, with which the tests read the PDF back
#   qemu-user-static           other CPUs, emulated, on which the numbers must come out the same
#   git                        for `make clean` and its tests

.DEFAULT_GOAL := help
.PHONY: help setup report verify test test-slow lint bench clean lock

# The first of these that is 3.11 or newer; `make PYTHON=python3.12 ...` chooses another.
PYTHON := $(shell for python in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
OURS := .venv/bin/python
# Tests on all cores, four at most: each worker makes its own sample builds.
PYTEST := $(OURS) -m pytest --numprocesses=logical --maxprocesses=4 --dist=worksteal
UV := uv

# Packages of another Python must not shadow those of .venv.
unexport PYTHONPATH PYTHONHOME PYTHONSAFEPATH

define provide
@test -n "$(PYTHON)" || { echo "ERROR No Python 3.11 or newer here." >&2; \
	echo "TIP Debian 12, Ubuntu 24.04 and Fedora have it as python3, macOS: brew install python@3.13" >&2; exit 2; }
@"$(PYTHON)" -m report.provision
endef

help:
	@echo "make report     set up what is missing and build the submission in build/"
	@echo "make verify     check build/submission.pdf against the data"
	@echo "make setup      only set up: .venv and, where we may, LaTeX"
	@echo "make test       the tests (about 10 minutes)"
	@echo "make test-slow  the tests with full counts (about 15 minutes; TESTS='FILE ...' for some)"
	@echo "make lint       ruff and mypy"
	@echo "make bench      side by side with other programs: a table, docs/benchmarks.md (30 minutes)"
	@echo "make lock       new lock files from pyproject.toml (needs uv)"
	@echo "make clean      remove .venv*, caches and by-products; never a file of yours"

setup:
	$(provide) report

report: setup
	@$(OURS) generate_report.py

verify: setup
	@$(OURS) generate_report.py verify

test:
	$(provide) test
	@$(PYTEST) -m "not slow"

test-slow:
	$(provide) test
	@$(PYTEST) -m slow $(TESTS)

lint:
	$(provide) lint
	$(OURS) -m ruff check
	$(OURS) -m ruff format --check
	$(OURS) -m mypy

bench: setup
	$(provide) bench
	@.venv-bench/bin/python -m benchmarks

# By name, not all that git ignores: a person's own ignored files are no business of ours. No pathspec with
# wildcards either: git removes a whole ignored folder that only might hold a match.
clean:
	@git clean -fdXq -- .venv .venv-bench .pytest_cache .mypy_cache .ruff_cache .hypothesis build
	@find . -maxdepth 3 -path './.*' -prune -o -name __pycache__ -prune -exec git clean -fdXq -- {} +

lock:
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-annotate pyproject.toml -o requirements.txt
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-annotate --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-annotate --extra bench -c requirements-dev.txt pyproject.toml -o requirements-bench.txt

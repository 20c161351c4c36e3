# One command for each thing a person does here. `make report` and `make test` each work as the very first
# one: they set up what is missing, which needs python3 (3.11 or newer) and nothing else of ours.
# report/system.py has the list of system packages, each with its reason.

.DEFAULT_GOAL := help
.PHONY: help setup report verify test test-slow lint bench systems arm64 findings clean lock system

# The first of these that is 3.11 or newer; `make PYTHON=python3.12 ...` chooses another.
PYTHON := $(shell for python in .venv/bin/python python3 python3.13 python3.12 python3.11 python3.14; do \
	$$python -Ic 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
# Packages of another Python must not shadow those of .venv.
unexport PYTHONPATH PYTHONHOME PYTHONSAFEPATH

# An environment is whole when it holds its stamp, a file that is written last and names the Python.
VERSION := $(shell "$(PYTHON)" -Ic 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
STAMP := .venv/complete-$(VERSION)
STAMP_DEV := .venv/complete-$(VERSION)-dev
STAMP_BENCH := .venv-bench/complete-$(VERSION)
OURS := .venv/bin/python
# Tests on all cores, four at most. A quick file stays with one worker, which makes its samples once.
PYTEST := $(OURS) -m pytest --numprocesses=logical --maxprocesses=4
UV := uv

# $(call provide,STAMP,PURPOSES): make an environment and bring the system packages of report/system.py for
# PURPOSES; one set-up at a time in this folder (macOS has no flock).
LOCK := $(shell command -v flock >/dev/null && echo flock .)
define provide
@test -n "$(PYTHON)" || { echo "ERROR No Python 3.11 or newer here." >&2; \
	echo "TIP Debian 12, Ubuntu 24.04 and Fedora have it as python3, macOS: brew install python@3.13" >&2; exit 2; }
@test -z "$(LOCK)" || flock -n . true || echo "Another set-up is at work in this folder: waiting for it." >&2
@$(LOCK) $(MAKE) --no-print-directory --silent system $(1) PURPOSES="$(2)"
endef

# $(call logged,WHAT): the end of a command whose output goes to a log; its last error is told if it fails.
LOG := build/.setup.log
logged = >$(LOG) 2>&1 || { echo "ERROR $(1): $$({ grep -i error $(LOG) || cat $(LOG); } | tail -n 1)" >&2; \
	echo "TIP It needs the network, and a Python that the locked packages exist for; the log is $(LOG)." >&2; exit 5; }

# $(call install,FOLDER,LOCK FILE,OPTIONS): wheels only, so that a Python newer than the lock compiles nothing.
define install
echo "-> Python packages: $(2) into $(1), for Python $(VERSION)" >&2
PIP_USER=0 $(1)/bin/python -m pip install --quiet --no-input --disable-pip-version-check --require-hashes \
	--only-binary :all: $(3) -r $(2) $(call logged,pip could not install the packages of $(2) for Python $(VERSION))
endef

help:
	@echo "make report     set up what is missing and build the submission in build/"
	@echo "make verify     check build/submission.pdf against the data"
	@echo "make setup      only set up: .venv and, where we may, LaTeX"
	@echo "make test       the tests (about 3 minutes)"
	@echo "make test-slow  the tests with full counts (about 20 minutes; TESTS='FILE ...' for some)"
	@echo "make lint       ruff and mypy"
	@echo "make bench      side by side with other programs: a table, docs/benchmarks.md (30 minutes)"
	@echo "make systems    build and verify on Debian 12, 13 and testing, in folders (an hour; needs root, debootstrap)"
	@echo "make arm64      the notebook on an emulated arm64 server (half an hour; needs root, debootstrap, qemu-user)"
	@echo "make findings   the behaviour of other software that we rest on, seen again: a table (a quarter of an hour)"
	@echo "make lock       new lock files from pyproject.toml (needs uv)"
	@echo "make clean      remove .venv*, caches and by-products; never a file of yours"

# A build brings the compiler for the trainer only when .venv is made: it goes without.
system:
	"$(PYTHON)" -m report.system $(if $(wildcard $(STAMP)),,venv speed) $(PURPOSES)

# From scratch: after a changed lock, what it no longer names would stay behind. The list of fonts takes
# matplotlib seconds, and it would say so in the middle of a build.
$(STAMP): requirements.txt requirements-dev.txt | system
	test ! -L .venv || { echo "ERROR .venv is a link, and what it leads to would be emptied." >&2; \
		echo "TIP Remove the link: rm .venv" >&2; exit 2; }
	mkdir -p build
	"$(PYTHON)" -m venv --clear .venv $(call logged,.venv could not be made)
	$(call install,.venv,requirements.txt)
	$(OURS) -c 'import matplotlib.font_manager' >>$(LOG) 2>&1 || true
	touch $@

$(STAMP_DEV): $(STAMP) | system
	rm $(STAMP)
	$(call install,.venv,requirements-dev.txt)
	touch $(STAMP) $@

# What we are compared with brings a hundred packages: apart, so that no other command can meet them.
$(STAMP_BENCH): requirements-bench.txt | system
	mkdir -p build
	"$(PYTHON)" -m venv --clear .venv-bench $(call logged,.venv-bench could not be made)
	$(call install,.venv-bench,requirements-bench.txt,--no-binary connection-pool)
	touch $@

setup:
	$(call provide,$(STAMP),pdf)

report: setup
	@$(OURS) generate_report.py

verify: setup
	@$(OURS) generate_report.py verify

test:
	$(call provide,$(STAMP_DEV),pdf tests speed)
	@$(PYTEST) --dist=loadfile -m "not slow"

test-slow:
	$(call provide,$(STAMP_DEV),pdf tests speed)
	@$(PYTEST) --dist=worksteal -m slow $(TESTS)

lint:
	$(call provide,$(STAMP_DEV))
	$(OURS) -m ruff check
	$(OURS) -m ruff format --check
	$(OURS) -m mypy

bench: setup
	$(call provide,$(STAMP_BENCH))
	@.venv-bench/bin/python -m benchmarks

systems:
	@"$(PYTHON)" -m benchmarks.systems

arm64: setup
	@$(OURS) -m benchmarks.arm64

findings:
	@bash findings/run.sh

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

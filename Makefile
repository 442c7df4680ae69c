# `make` alone lists what there is. Everything is put into .venv; nothing outside this folder is changed.
SHELL := /bin/sh
.DEFAULT_GOAL := help
ARGS ?=

# Somebody else's Python settings and virtual environment must not leak into ours. PIP_ and UV_ settings that say where
# packages come from (a mirror, a certificate) are kept; those that move where they go are not.
unexport $(filter PYTHON% VIRTUAL_ENV CONDA_PREFIX,$(.VARIABLES))
unexport PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT PIP_REQUIRE_VIRTUALENV PIP_NO_DEPS PIP_CONSTRAINT PIP_REQUIRE_HASHES
unexport UV_PYTHON UV_SYSTEM_PYTHON UV_TARGET UV_PREFIX UV_CONSTRAINT UV_OVERRIDE UV_OFFLINE UV_REQUIRE_HASHES

IN_VENV := PATH="$$PWD/.venv/bin:$$PATH"
UV := .venv/bin/uv
UV_INSTALL := $(UV) pip install --quiet --compile-bytecode --python .venv/bin/python
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header

.PHONY: help demo test chaos bench bench-peers check install readme lock system-deps clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: .venv/.demo  ## link, sync and watch a make-believe broker; options as ARGS="--once --json"
	@$(IN_VENV) exec .venv/bin/brokersync demo $(ARGS)

test: .venv/.dev  ## all tests; pytest's options as ARGS="-k lease"
	@$(IN_VENV) exec .venv/bin/python -m pytest $(ARGS)

chaos: .venv/.dev  ## the long fault runs that `test` leaves out: some minutes
	@$(IN_VENV) exec .venv/bin/python -m pytest -m chaos $(ARGS)

bench: .venv/.demo  ## what a sync costs, as a table and one JSON object; some figures as ARGS="sync_vs_floor --rounds 50"
	@$(IN_VENV) exec .venv/bin/python -m benchmarks $(ARGS)

bench-peers: .venv/.peers  ## the same work by a Django loop and by dlt beside ours; draws docs/bench.svg
	@$(IN_VENV) exec .venv/bin/python -m benchmarks.peers $(ARGS)

check: .venv/.dev  ## lint, format, strict types and the import table: with `test`, what CI runs
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports

install: .venv/.runtime  ## only what runs for real: no servers of its own, no tools

readme: .venv/.demo  ## rewrite what README.md shows of the program: the first screen, the environment
	.venv/bin/python -m brokersync.reference
	.venv/bin/python -m brokersync.picture

lock: .venv/.uv  ## resolve the newest versions that pyproject.toml allows into locks/
	$(COMPILE) --upgrade pyproject.toml --extra embedded --group dev -o locks/dev.txt
	$(COMPILE) --constraint locks/dev.txt pyproject.toml --extra embedded --group build -o locks/demo.txt
	$(COMPILE) --constraint locks/dev.txt pyproject.toml -o locks/runtime.txt
	$(COMPILE) --constraint locks/dev.txt --group build -o locks/build.txt
	$(COMPILE) --constraint locks/dev.txt pyproject.toml --extra embedded --group peers -o locks/peers.txt
	echo uv | $(COMPILE) --upgrade - -o locks/uv.txt

system-deps:  ## Debian packages that some tests drive (CI calls this; it needs root or sudo)
	$$([ "$$(id -u)" = 0 ] || echo sudo) apt-get update -q
	$$([ "$$(id -u)" = 0 ] || echo sudo) env DEBIAN_FRONTEND=noninteractive \
		apt-get install -q -y --no-install-recommends chromium curl pgbouncer systemd

clean:  ## remove .venv and every cache
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: a second `make` finds them newer than the locks and starts at once.
# What they print goes to standard error: `make demo ARGS=--json` leaves standard output to the document.
.venv/.runtime: .venv/.uv locks/runtime.txt locks/build.txt pyproject.toml
	@echo "Setting up .venv: the libraries." >&2
	@$(UV_INSTALL) --require-hashes -r locks/runtime.txt -r locks/build.txt >&2
	@TMPDIR="$$PWD/.venv" $(UV_INSTALL) --no-deps --no-build-isolation --config-settings editable_mode=compat --editable . >&2
	@touch $@

.venv/.demo: .venv/.runtime locks/demo.txt
	@echo "Setting up .venv: the servers of the demo." >&2
	@$(UV_INSTALL) --require-hashes -r locks/demo.txt >&2
	@touch $@

.venv/.dev: .venv/.demo locks/dev.txt
	@echo "Setting up .venv: the tools of the tests." >&2
	@$(UV_INSTALL) --require-hashes -r locks/dev.txt >&2
	@touch $@

.venv/.peers: .venv/.demo locks/peers.txt
	@echo "Setting up .venv: what is measured beside us." >&2
	@$(UV_INSTALL) --require-hashes -r locks/peers.txt >&2
	@touch $@

.venv/.uv: .venv/bin/python locks/uv.txt
	@.venv/bin/python -m ensurepip >/dev/null
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r locks/uv.txt >&2
	@touch $@

.venv/bin/python:
	@for python in $(PYTHON) python3.13 python3.12 python3.11 python3; do \
		if $$python -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			exec $$python -m venv --clear --without-pip .venv; \
		fi; \
	done; \
	echo "brokersync needs Python 3.11 or newer with the venv module (on Debian: apt-get install python3-venv)." >&2; \
	exit 1

# `make run` starts Gatehouse, `make test` runs its tests; both make what they need in .venv.

BIN := .venv/bin
TEST_PROCESSES ?= 4

.PHONY: help run test test-sqlite test-pages test-long test-examples test-clients test-hosts chaos limits-proofs upgrade-proof check bench bench-peers install install-base lock sbom dist clean

help:
	@echo 'make run      start the gateway on HOST:PORT, by default 127.0.0.1:8000'
	@echo 'make test     run the tests; PYTEST_ARGS="-k azure" selects, TEST_PROCESSES=1 takes one by one'
	@echo '              test-sqlite: those that need a database again, on SQLite and process memory'
	@echo '              test-pages: journeys over the pages in Chromium; every page held against axe-core'
	@echo '              test-long: what takes tens of seconds a test, as floods and killed workers do'
	@echo '              test-examples: those that make up their input, with twenty times as much of it'
	@echo '              test-clients: with Codex, Claude Code, openai-agents and LangChain, which are installed first'
	@echo '              test-hosts: two hosts with two workers each, behind nginx; takes root'
	@echo 'make chaos    two upstreams that fail at random for two minutes, and clients that must not notice'
	@echo '              limits-proofs: that limits hold to the nano-dollar, with 50 times 100 chats at once,'
	@echo '              and 10,000 requests of which many fail'
	@echo '              upgrade-proof PREVIOUS=<commit>: from that version to this one and back under load'
	@echo 'make check    lint, types, import contracts, migrations, deploy check'
	@echo 'make bench    measure the gateway, beside nginx where there is one'
	@echo '              bench-peers: beside LiteLLM, Portkey and Open WebUI too, which are installed first'
	@echo 'make install  only make .venv, with everything that tests and checks need'
	@echo 'make lock     compile requirements/*.in again (needs uv)'
	@echo 'make sbom     write dist/sbom.cdx.json: the packages it runs on, with hashes and licences'
	@echo '              dist: a release of this commit, the same bytes on every machine, and SHA256SUMS'
	@echo 'make clean    remove .venv and caches; var/ with its data stays'

run: install-base
	@exec $(BIN)/python scripts/run.py

# Each process takes whole files, as many tests share what their file has started. Compiled modules
# are kept, even where the machine says otherwise: tests start hundreds of processes.
test: install
	@unset PYTHONDONTWRITEBYTECODE; exec $(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

# What a machine without PostgreSQL and Redis runs on, where `make test` has found both.
test-sqlite: install
	@unset PYTHONDONTWRITEBYTECODE; TEST_BACKING=sqlite+memory REQUIRE_SERVICES= exec $(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadfile -m 'django_db and not acceptance and not pages and not long' $(PYTEST_ARGS)

# Chromium takes as much of the machine as a quarter of all other tests.
test-pages: install
	@unset PYTHONDONTWRITEBYTECODE; exec $(BIN)/python -m pytest -n 3 --dist loadfile -m pages tests/acceptance tests/security $(PYTEST_ARGS)

# What takes tens of seconds a test, for which `make test` would take too long.
test-long: install
	@unset PYTHONDONTWRITEBYTECODE; exec $(BIN)/python -m pytest -n 3 --dist loadfile -m long $(PYTEST_ARGS)

# Hypothesis makes up the input; `make test` takes 25 examples of each.
test-examples: install
	@unset PYTHONDONTWRITEBYTECODE; TEST_EXAMPLES=500 exec $(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist load --timeout 1200 -m 'hypothesis and not acceptance' $(PYTEST_ARGS)

# The first test of each client installs it, which counts as the test's time.
test-clients: install
	@unset PYTHONDONTWRITEBYTECODE; exec $(BIN)/python -m pytest -n 2 --dist loadfile --timeout 600 -m big_client tests/acceptance $(PYTEST_ARGS)

# Takes root, for network namespaces.
test-hosts: install
	@unset PYTHONDONTWRITEBYTECODE; exec $(BIN)/python -m pytest -n 2 --dist loadfile -m several_hosts tests/acceptance/hosts $(PYTEST_ARGS)

# Two upstreams that fail by turns, for two minutes; `make test` has ten seconds of it.
chaos: install
	@CHAOS_SECONDS=120 exec $(BIN)/python -m pytest tests/acceptance/resilience/test_chaos.py $(PYTEST_ARGS)

limits-proofs: install
	@LIMITS_REPETITIONS=50 LIMITS_UNREFUSED=2000 LIMITS_REQUESTS=10000 exec \
	  $(BIN)/python -m pytest -n 0 tests/acceptance/limits $(PYTEST_ARGS)

# From the version at PREVIOUS, a commit, to this one and back, on two hosts under load. Takes root.
upgrade-proof: install
	@test -n "$(PREVIOUS)" || { echo "Name the version before: make upgrade-proof PREVIOUS=<commit>"; exit 2; }
	@rm -rf var/previous && mkdir -p var/previous && git archive "$(PREVIOUS)" | tar -x -C var/previous
	@GATEHOUSE_PREVIOUS="$(CURDIR)/var/previous" exec \
	  $(BIN)/python -m pytest -n 0 -m several_hosts tests/acceptance/hosts/test_upgrades.py $(PYTEST_ARGS)

check: install
	@exec scripts/check

bench: install
	@exec $(BIN)/python -m benchmarks

bench-peers: install
	@exec $(BIN)/python -m benchmarks --peers

install:
	@exec scripts/install dev

install-base:
	@exec scripts/install base

lock:
	@exec scripts/lock

sbom: install
	@exec $(BIN)/python scripts/sbom.py dist/sbom.cdx.json

dist: install
	@exec $(BIN)/python scripts/dist.py dist

clean:
	rm -rf dist .venv benchmarks/.peers .clients .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis htmlcov .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

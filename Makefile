# The two commands of the README are `make demo` and `make test`; `make help` lists the rest.
PYTHON := $(shell for p in python3.13 python3.12 python3.11 python3; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
DEMO := $(VENV)/.demo-installed
TEST := $(VENV)/.test-installed
ARGS ?=
# what a check may write stays out of the tree
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: breaks cql doors elm help demo test check serve bench growth cohort soak soak-profiles mutants revisions screenshots lock sbom docs

help:
	@sed -n 's/^## //p' Makefile

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Fibrinogen Watch needs Python 3.11 or newer, and none was found"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(DEMO): requirements/demo.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/demo.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(TEST): requirements/test.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@ $(DEMO)

## demo: the demo EHR and the app; ARGS="--port 9000" passes options on
demo: $(DEMO)
	$(BIN)/smartapp demo $(ARGS)

## serve: the production server; ARGS="--config site.toml"
serve: $(DEMO)
	$(BIN)/smartapp serve $(ARGS)

## test: every test, in a real browser too
test: $(TEST) .venv-healthchain/.installed
	PYTHON="$(BIN)/python" sh .ci/test

## check: format, lint, types, import rules, generated docs, audits; no tests
check: $(TEST)
	PYTHON="$(BIN)/python" sh .ci/check

## revisions: which rules changed, with their criteria, since the last release and may have to rise; keeps their digests
revisions: $(TEST)
	$(BIN)/python -m tests.house.rule_revisions

## cohort: 2,000 background patients get no card, 300 CAR-T courses move only with news or time (about ten minutes)
cohort: $(TEST) var/cohort/fhir_r4/Patient.ndjson
	$(BIN)/python -m tests.cohort.run var/cohort/fhir_r4

var/cohort/fhir_r4/Patient.ndjson: requirements/cohort.txt
	$(BIN)/python -m venv .venv-cohort
	.venv-cohort/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/cohort.txt
	.venv-cohort/bin/clinosim simulate --country US --population 4000 --seed 20260301 --end 2026-06-30 --output var/cohort --format fhir-r4

## doors: 2,000 generated charts through file, hook with prefetch, hook with its own queries and launch, on servers of three habits (a quarter of an hour)
doors: $(TEST)
	$(BIN)/python -m tests.doors.run

## soak: 2,000 approvals while the EHR fails and processes are killed at random, then the orders are counted (at most 40 minutes); ARGS="--seed 7"
soak: $(TEST)
	$(BIN)/python -m tests.writeback.soak $(ARGS)

## soak-profiles: 500 approvals on each EHR profile, with the same faults and kills (at most 20 minutes each)
soak-profiles: $(TEST)
	for profile in plain epic-2026-05 oracle-2026-08; do $(BIN)/python -m tests.writeback.soak --approvals 500 --seconds 1200 --profile $$profile $(ARGS) || exit 1; done

## bench: every target of docs/performance.md beside its floor, in one run (under six minutes); ARGS="--quick" a tenth of it
bench: .venv-bench/.installed .venv-healthchain/.installed
	.venv-bench/bin/python -m benchmarks.run $(ARGS)

## growth: two days' traffic in fast motion (two minutes): memory, short-lived rows, the audit's growth
growth: .venv-bench/.installed
	.venv-bench/bin/python -m benchmarks.growth $(ARGS)

.venv-bench/.installed: requirements/bench.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv-healthchain/.installed: requirements/healthchain.txt
	$(PYTHON) -m venv .venv-healthchain
	.venv-healthchain/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

## cql: the exported rules in engines by others: 5,000 settings in two, 300 charts, 200 patients by $$apply, 20 deliberate changes (about fifteen minutes)
cql: $(TEST) tests/cql/node/node_modules
	$(BIN)/python -m tests.cql.run $(ARGS)

## elm: write the ELM of smartapp/clinical/cql anew, by the translator of the CQL project
elm: $(TEST) tests/cql/node/node_modules
	$(BIN)/python -m tests.cql.write_elm

tests/cql/node/node_modules: tests/cql/node/package-lock.json
	npm ci --prefix tests/cql/node --ignore-scripts --no-audit --no-fund
	@touch $@

## breaks: take out one protection after the other and see that a test of its row turns red (about an hour); ARGS="--from 20"
breaks: $(TEST)
	$(BIN)/python -m tests.breaks.run $(ARGS)

## mutants: change the clinical core a little, thousands of times, and see which change no test notices (an hour or two; taken up where it stopped);
##          MODULE=criteria.dic one module
mutants: .venv-mutants/.installed
	$(if $(MODULE),,$(MAKE) breaks)
	.venv-mutants/bin/mutmut run --max-children 2 "smartapp.clinical.partial_datetime.xǁMomentǁage__mutmut_1"
	.venv-mutants/bin/python -m tests.mutants.first_look --only "$(MODULE)"
	.venv-mutants/bin/python -m tests.mutants.second_look --only "$(MODULE)"
	.venv-mutants/bin/python -m tests.mutants.figures --survivors

.venv-mutants/.installed: requirements/mutants.txt
	$(PYTHON) -m venv .venv-mutants
	.venv-mutants/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	.venv-mutants/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

## screenshots: pictures of the main pages into docs/screens (needs a Chromium)
screenshots: $(TEST)
	$(BIN)/python -m tests.journeys.screenshots docs/screens "$$(command -v chromium chromium-browser google-chrome | head -1)"

## sbom: what is installed at a site, as a CycloneDX bill of materials in var/sbom.cdx.json
sbom: $(TEST)
	@mkdir -p var
	$(BIN)/python -W ignore -m cyclonedx_py requirements requirements/demo.txt --pyproject pyproject.toml --output-reproducible -o var/sbom.cdx.json

## docs: write the generated documents, docs/rules.md and docs/conformance.md
docs: $(TEST)
	$(BIN)/smartapp rules --format markdown > docs/rules.md
	$(BIN)/python -m tests.house.conformance > docs/conformance.md

LOCKS ?= requirements
## lock: write requirements/*.txt from pyproject.toml (needs uv)
lock:
	for set in "app" "demo --extra build --extra demo --extra postgres" "test --extra build --extra demo --extra postgres --extra test" "cohort --extra cohort" "bench --extra bench --extra demo --extra postgres --extra build" "mutants --extra build --extra demo --extra postgres --extra test --extra mutants"; do \
	  name=$${set%% *}; extras=$${set#$$name}; \
	  uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url \
	    --no-emit-find-links pyproject.toml $$extras -o $(LOCKS)/$$name.txt || exit 1; \
	done
	uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url \
	  --no-emit-find-links requirements/healthchain.in -o $(LOCKS)/healthchain.txt

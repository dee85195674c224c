# Runs and checks a checkout of Outtray on Linux and macOS. `make help` lists the targets.
.PHONY: help run test lint types check bench soak screenshots lock clean

PYTHON ?= python3
CHROMIUM ?=
ARGS =
TESTS = tests
MINUTES = 10
# Tests that cannot run at the same time share an xdist_group. Many tests wait for a state: one process more than cores.
WORKERS = -n $$($(PYTHON) -c "import os; print(min(4, (os.cpu_count() or 1) + 1))") --dist loadgroup

# If this is set, every process that a test starts compiles all modules again.
export PYTHONDONTWRITEBYTECODE =

SETUP = PYTHON='$(PYTHON)' bin/setup
BROWSER = CHROMIUM="$$(CHROMIUM='$(CHROMIUM)' bin/chromium)"
LOCK = .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate $(ARGS)

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1 \2/p' Makefile | awk '{ $$2 = sprintf("%-12s", $$2); print "  " $$0 }'

run: ## Install the dependencies and start Outtray (ARGS='--port 9000')
	@$(SETUP) run
	@exec .venv/bin/python -m webapp serve $(ARGS)

test: ## Run every test (TESTS='tests/web', ARGS='-k undo')
	@$(SETUP) test
	@$(BROWSER) && export CHROMIUM && exec .venv/bin/python -m pytest $(WORKERS) $(ARGS) $(TESTS)

lint: ## Check style and format (ruff)
	@$(SETUP) test
	.venv/bin/python -m ruff check .
	.venv/bin/python -m ruff format --check .

types: ## Check types (mypy)
	@$(SETUP) test
	.venv/bin/python -m mypy

check: lint types test ## Run lint, types and tests

bench: ## Run the benchmarks that the README quotes (ARGS='start_answer polls')
	@$(SETUP) test
	@exec .venv/bin/python -m benchmarks $(ARGS)

soak: ## Kill processes at random moments for MINUTES=10
	@$(SETUP) test
	@end=$$(($$(date +%s) + 60 * $(MINUTES))); rounds=0; \
	while [ $$(date +%s) -lt $$end ]; do \
		OUTTRAY_SOAK_TASKS=400 OUTTRAY_SOAK_PEOPLE=5000 OUTTRAY_SOAK_KILLS=40 OUTTRAY_SOAK_NOTIFICATIONS=200 OUTTRAY_SOAK_OUTAGES=1,6,30 .venv/bin/python -m pytest $(ARGS) tests/durability || exit 1; rounds=$$((rounds + 1)); \
	done; echo "$$rounds rounds in $(MINUTES) minutes, none failed"

screenshots: ## Take screenshots of every page, wide and narrow, light and dark, into screenshots/
	@$(SETUP) test
	@$(BROWSER) && export CHROMIUM && exec .venv/bin/python -m tests.screenshots $(ARGS)

lock: ## Write the lock files again (ARGS=--upgrade takes newer versions)
	@$(SETUP) test
	.venv/bin/python -m pip install --quiet uv
	$(LOCK) pyproject.toml --extra mysql --extra postgres -o requirements.lock
	$(LOCK) --group build -o requirements-build.lock
	$(LOCK) pyproject.toml --extra mysql --extra postgres --group dev -c requirements.lock -c requirements-build.lock \
		-o requirements-dev.lock

clean: ## Remove .venv, caches and builds, never data/
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis dist build

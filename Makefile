# The four commands of Holdshort: make run, make test, make check, make screenshots.
# PORT=8001 and HOLDSHORT_HOME=folder may stand behind `make run`. `make chaos RUNS=10000 SEED=7` kills workers and servers
# while so many runs are under way, checks the world after each story, and prints the seed of one that went wrong.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: run test check screenshots demo-retail chaos

run: $(VENV)/.run
	@exec $(BIN)/python manage.py up --tied

test: $(VENV)/.test
	$(BIN)/python -m pytest -n auto --dist loadscope --no-loadscope-reorder $(PYTEST_ARGS)

check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djade --check --target-version 5.2 $$(git ls-files 'templates/*.html')
	$(BIN)/python manage.py makemigrations --check --dry-run
	@HOLDSHORT_ENV=production HOLDSHORT_ALLOWED_HOSTS=desk.example.com \
	HOLDSHORT_SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))') \
	DATABASE_URL=postgres://desk@db.example.com/desk REDIS_URL=redis://broker.example.com/0 \
	$(BIN)/python manage.py check --deploy --fail-level WARNING

screenshots: $(VENV)/.test
	$(BIN)/python -m tests.browser.screenshots

chaos: $(VENV)/.test
	@exec $(BIN)/python -m tests.chaos.runner --runs $(or $(RUNS),300) $(if $(SEED),--seed $(SEED))

demo-retail: $(VENV)/.test
	@exec $(BIN)/python manage.py demo_retail

# The stamps remember when the requirements were last installed; pip is asked again only after a change of them.
$(VENV)/.run: requirements.txt | $(VENV)/bin/python
	@echo "Installing packages (the first time takes about a minute)"
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.test: requirements.txt requirements-dev.txt | $(VENV)/bin/python
	@echo "Installing packages for tests (the first time takes one or two minutes)"
	@$(PIP) -r requirements-dev.txt
	@touch $@ $(VENV)/.run

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Holdshort needs Python 3.11 or newer; set PYTHON=.")'
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)

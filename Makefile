# Everything a newcomer runs. Each target first makes the environment it needs.

PYTHON ?= python3
ENVIRONMENT := .venv
BENCH_ENVIRONMENT := .venv-bench
RUN := $(ENVIRONMENT)/bin/python -m
RUN_BENCH := $(BENCH_ENVIRONMENT)/bin/python -m

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: install demo test test-long lint bench notebooks clean

install: $(ENVIRONMENT)/installed

# The stamp is newer than pyproject.toml as long as there is nothing to install.
$(ENVIRONMENT)/installed: pyproject.toml
	@echo "Installing into $(ENVIRONMENT); this takes a minute, once."
	$(PYTHON) -m venv $(ENVIRONMENT)
	$(RUN) pip install --quiet --editable '.[test]'
	@touch $@

demo: install
	$(RUN) nn digits
	$(RUN) nn moons
	$(RUN) autograd "tanh(w*x + b)" w=2 x=0.5 b=-1 --out out/expression.svg
	$(RUN) optim bowl --optimizers SGD,Momentum,Adagrad,Adam,LBFGS --steps 60
	$(RUN) nn page

test: lint
	$(RUN) pytest -q -n auto

# The same tests with many times as many draws, fresh ones each time, and those that take minutes.
test-long: lint
	$(RUN) pytest -q -n auto -m "" --hypothesis-profile=long

lint: install
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) mypy

# Run the scripts in notebooks/ and write the notebooks, with their outputs, beside them.
notebooks: install
	cd notebooks && PATH="$(CURDIR)/$(ENVIRONMENT)/bin:$$PATH" jupytext --to ipynb --execute *.py

bench: $(BENCH_ENVIRONMENT)/installed
	$(RUN_BENCH) benchmarks

# The peers live in an environment of their own. One that cannot be installed is tried again next
# time; until then the benchmark says that it is missing, and runs without it.
$(BENCH_ENVIRONMENT)/installed: pyproject.toml
	@echo "Installing into $(BENCH_ENVIRONMENT); this takes a few minutes, once."
	$(PYTHON) -m venv $(BENCH_ENVIRONMENT)
	if $(RUN_BENCH) pip install --quiet --editable '.[bench]'; then touch $@; \
	else $(RUN_BENCH) pip install --quiet --editable . && ($(RUN_BENCH) pip install --quiet micrograd || true); fi

clean:
	rm -rf $(ENVIRONMENT) $(BENCH_ENVIRONMENT) out dist
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage htmlcov
	find autograd nn optim tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

# Everything a person runs; each target installs what it needs from requirements.txt, pinned with hashes.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test serve bench bench-scale chaos simulate sabotage check lock clean

demo: $(READY)
	$(BIN)/pa demo

test: $(READY)
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

serve: $(READY)
	$(BIN)/pa demo --serve

bench: $(READY)
	$(BIN)/python tests/bench/run.py

bench-scale: $(READY)
	$(BIN)/python tests/bench/scale.py

# 21,600 orders through every fault class; stopped and started again, it goes on where it was.
chaos: $(READY)
	$(BIN)/pa chaos campaign --out chaos.json

simulate: $(READY)
	$(BIN)/pa chaos simulate --seeds 2000

sabotage: $(READY)
	$(BIN)/python -m tests.faults.sabotage

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/pa mapping lint
	$(BIN)/pa payer lint

lock: $(READY)
	$(BIN)/pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
		--no-header --strip-extras --allow-unsafe --extra dev --extra postgres --output-file requirements.txt pyproject.toml

$(READY): requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	touch $(READY)

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache

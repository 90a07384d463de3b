# Two commands set everything up on a fresh machine: `make serve` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: serve test lint demo check-label-studio clean

$(VENV)/serve.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[documents]'
	touch $@

# torch comes first, by itself, so that nothing else chooses a larger build of it
$(VENV)/test.installed: $(VENV)/serve.installed
	$(BIN)/pip install --quiet torch==2.13.0
	$(BIN)/pip install --quiet --editable '.[documents,openvino,train,dev]'
	tests/e2e/install_browser.sh $(BIN)
	touch $@

serve: $(VENV)/serve.installed ## start the service and classify a speech
	$(BIN)/python examples/serve_and_ask.py

demo: $(VENV)/serve.installed ## outline the example speech in the terminal
	$(BIN)/zhangfa outline examples/speech.txt

test: $(VENV)/test.installed
	$(BIN)/python -m pytest

lint: $(VENV)/test.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check-label-studio: ## the annotation tool's own library checks our tasks
	$(PYTHON) -m venv $(VENV)/label-studio
	$(VENV)/label-studio/bin/pip install --quiet label-studio-sdk
	PYTHONPATH=. $(VENV)/label-studio/bin/python tests/contract/check_label_studio.py

clean:
	rm -rf $(VENV) dist

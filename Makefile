# Everyday commands. `make demo` is the whole loop; everything else is for working on Stumper.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo serve test test-fast test-interop lint fix docs words pictures sbom audit lock clean
.DELETE_ON_ERROR:

demo: $(READY)  ## Play, collect, tune, evaluate, then serve the better model
	$(BIN)/stumper demo

serve: $(READY)  ## The game alone, at http://127.0.0.1:8000
	$(BIN)/stumper serve

# Two test processes beside each other: a pool of threads in each would be slower, not faster.
test test-fast: export OMP_NUM_THREADS ?= 1
# Else both processes, and every one that a test starts, compile all modules again: half a minute of a fast run.
unexport PYTHONDONTWRITEBYTECODE

test: $(READY)  ## Everything: unit, contract, story, browser (twice the examples: --hypothesis-profile all)
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test-fast: $(READY)  ## Under a minute: no browser, no PostgreSQL, nothing slow
	$(BIN)/python -m pytest -n 2 --dist loadfile --hypothesis-profile fast -m "not slow and not browser and not postgres"

INTEROP := llama-factory ms-swift lmms-eval moto
test-interop: $(READY) $(INTEROP:%=.venv-interop-%/.ready)  ## Trainers and moto, which pin other versions
	$(BIN)/python -m pytest tests/interop tests/contract/test_files.py

# Everything is pinned, so nothing is resolved; and no dependency can bring gigabytes of CUDA.
.venv-interop-%/.ready: tests/interop/%.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --no-deps -r $<
	@touch $@

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

fix: $(READY)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: $(READY)  ## Writes docs/reference from the code
	$(BIN)/python docs/generate.py

words: $(READY)  ## Writes the catalogues of front/locale from the code; then translate and run it again
	$(BIN)/python tools/words.py

pictures: $(READY)  ## Takes the pictures of docs/game.md anew, with the browser tests
	rm -rf build/screenshots && mkdir -p build/screenshots
	STUMPER_SCREENSHOTS=build/screenshots $(BIN)/python -m pytest tests/browser -q
	$(BIN)/python tools/gallery.py build/screenshots

EXTRAS ?= telegram redis s3 hub data charts
sbom: $(READY)  ## Writes build/stumper.cdx.json, what the base install and EXTRAS are made of (CycloneDX 1.6)
	mkdir -p build
	$(BIN)/python -m tools.sbom $(EXTRAS) > build/stumper.cdx.json

# Needs the network. --strict: a package that could not be looked up is a failure, never silently passed over.
audit: $(READY)  ## Asks PyPI for known holes in what constraints.txt pins
	$(BIN)/pip-audit --strict --disable-pip --no-deps --requirement constraints.txt

lock: $(READY)  ## Writes constraints.txt from what is installed
	{ sed -n '/^#/p' constraints.txt; { $(BIN)/pip freeze --exclude-editable; $(BIN)/pip freeze --path .venv/families; } | sed 's/+cpu$$//' | sort -fu; } > constraints.new
	mv constraints.new constraints.txt

clean:
	rm -rf .venv .venv-interop-* demo dist build .mypy_cache .ruff_cache

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Stumper needs Python 3.11 or newer: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet -c constraints.txt --no-deps torch
	$(BIN)/python -m pip install --quiet -c constraints.txt --editable ".[train,redis,telegram,hub,s3,traces]" --group dev
	# Apart, for the tests of model families: built for CUDA, it breaks transformers beside a CPU build of torch.
	$(BIN)/python -m pip install --quiet -c constraints.txt --no-deps --target .venv/families torchvision num2words docopt
	@touch $@

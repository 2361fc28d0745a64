# make grade   set up, grade the sample cohort of all labs, print the tables
# make test    set up, run the tests
# make seeds   judge right Functions with 100 seeds each, and every lab's right solutions with 20 (minutes)
# make fuzz    damage a million messages of the wire and decode them, and let peers misbehave on sockets (minutes)
# make faults  kill the processes of gradings at random moments, 146 times (a quarter of an hour); print what came of it
# make verify  test the hidden tests of every lab: 25 seeds, wrong solutions, all mutants (an hour)
# make verify-quick  one mutant in 23 of every lab, a minute for each: what CI runs of it
# make reproduce  the figures of tp2's sheet on California housing, from scikit-learn's cache (minutes)
# make bench   time gradjudge beside nbgrader (minutes)
# make messages  bring the catalogues of src/gradjudge/locale up to date with the sentences in the code
# make check   what CI runs besides the tests: lint, types, freshness of release/ and solutions/

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: grade test seeds fuzz faults verify verify-quick reproduce check lint fresh release bench messages clean

grade: $(READY)
	@$(BIN)/gradjudge grade --all --submitted examples/cohort/submitted --grades build/grades
	@$(BIN)/python examples/cohort/compare.py build/grades

test: $(READY)
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

seeds: $(READY)
	@GRADJUDGE_TEST_SEEDS=100 $(BIN)/python -m pytest --numprocesses 2 tests/checks/test_function_check.py
	@GRADJUDGE_TEST_SEEDS=20 $(BIN)/python -m pytest tests/end_to_end/test_corpus.py -k seed

fuzz: $(READY)
	@PYTHONPATH=tests $(BIN)/python tests/wire/fuzz.py --messages 1000000
	@PYTHONPATH=tests $(BIN)/python tests/sandbox/fuzz_sessions.py --sessions 3000

faults: $(READY)
	@PYTHONPATH=tests $(BIN)/python -m faults.campaign

check: lint fresh

lint: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

fresh: $(READY)
	@$(BIN)/gradjudge release --check

release: $(READY)
	@$(BIN)/gradjudge release

verify: $(READY)
	@$(BIN)/gradjudge verify --mutants --seeds 25 --repeats 12

verify-quick: $(READY)
	@$(BIN)/gradjudge verify --mutants --no-corpus --every 23 --minutes 1

reproduce: $(READY)
	@$(BIN)/python benchmarks/reproduce_tp2.py

bench: $(READY)
	@$(BIN)/python benchmarks/against_nbgrader.py

messages: $(READY)
	@mkdir -p build
	@$(BIN)/pybabel -q extract -k Text --no-location --project gradjudge --msgid-bugs-address '' -o build/gradjudge.pot src/gradjudge
	@$(BIN)/pybabel -q update -N -D gradjudge --ignore-obsolete --ignore-pot-creation-date -i build/gradjudge.pot -d src/gradjudge/locale

# Everything is installed once, quietly; a failure prints pip's own words.
$(READY): pyproject.toml constraints.txt
	@echo "setting up $(VENV) (once, a few minutes) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gradjudge needs Python 3.11 or newer; say make PYTHON=...")'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) build

# `make quickstart` and `make test` do everything on a machine with Python 3.11 or
# 3.12 and make; both share one virtual environment.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DATA_DIR ?= data
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: help quickstart test test-install lint docs format clean ablations comparison \
  preset

help:
	@echo "make quickstart  build the built-in data, train, evaluate, draw (10 minutes)"
	@echo "make test        lint, then all tests on both backends"
	@echo "make docs        the documentation as a site, in build/site"
	@echo "make test-install   each backend by itself in an environment of its own"
	@echo "make ablations   train and evaluate the variants of Tables 4-7; goes on if stopped"
	@echo "                 DATASET=human36m/gt DATA_DIR=..."
	@echo "make comparison  train and evaluate ProPose and what others have published, on"
	@echo "                 the same poses; goes on if stopped. DATASET=... DATA_DIR=..."
	@echo "make preset      build free data and train propose_base on it; goes on if stopped"
	@echo "                 CMU=DIR UI_PRMD=DIR DATA_DIR=..."
	@echo "make format      format the code"
	@echo "make clean       remove the environment, built data and runs of this folder"

EXTRAS := c3d,datasets,detection,jax,onnx,serving,tensorflow,visualization,docs,test
# Modules are compiled when they are first imported, which most never are.
INSTALL := pip install --quiet --no-compile
$(VENV)/installed: setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/$(INSTALL) --upgrade pip
	$(BIN)/$(INSTALL) --editable ".[$(EXTRAS)]"
	# It asks for a second OpenCV, whose files would replace those of the first.
	$(BIN)/$(INSTALL) --no-deps rtmlib==0.0.16
	touch $@

# Written last by TFDS, so that a build that was stopped is done again.
BUILT := $(DATA_DIR)/synthetic_human/full/1.0.0/dataset_info.json
$(DATA_DIR)/synthetic_human/%/1.0.0/dataset_info.json: | $(VENV)/installed
	$(BIN)/tfds build datasets/synthetic_human --config=$* --data_dir=$(DATA_DIR)

quickstart: $(VENV)/installed $(BUILT)
	$(BIN)/python train.py --flagfile=configs/quickstart.flags --data_dir=$(DATA_DIR)
	$(BIN)/python evaluate.py --workdir=runs/quickstart --dataset=synthetic_human \
	  --data_dir=$(DATA_DIR) --split=test --protocol=h36m \
	  --num_hypotheses=1,10,200 --frame_stride=8 --figures \
	  --output=runs/quickstart/report

# Groups of tests, the longest first. Each runs in a process of its own, since what is
# compiled for one test stays in memory; two run at a time.
define TEST_GROUPS
tests/training/test_training.py
tests/evaluation/test_evaluator.py tests/evaluation/test_flip.py \
  tests/evaluation/test_temperature.py
tests/training/test_checkpoints.py tests/training/test_[!ctv]*.py
tests/serving/test_onnx.py tests/serving/test_onnx_writing.py
tests/test_deterministic.py tests/test_deviation_input.py tests/test_geometry.py \
  tests/test_losses.py tests/test_model.py tests/test_normalization.py \
  tests/test_pose_model.py tests/test_random.py
tests/layers tests/metrics tests/networks tests/inference/test_lifter.py \
  tests/inference/test_uncertain.py \
  tests/comparators/test_distributions.py \
  tests/comparators/test_comparators.py::test_training_moves_every_weight_and_logs_the_losses
endef
export TEST_GROUPS
# Of code that knows no backend, or that starts the other backend itself: tested once.
define TESTS_ON_JAX
tests/comparators
tests/inference --ignore=tests/inference/test_lifter.py \
  --ignore=tests/inference/test_uncertain.py
tests/serving --ignore=tests/serving/test_onnx.py \
  --ignore=tests/serving/test_onnx_writing.py
tests/cli/test_train.py tests/cli/test_export.py
tests/cli --ignore=tests/cli/test_train.py --ignore=tests/cli/test_export.py
tests/training/test_variants.py tests/training/test_turned_cameras.py
tests/benchmarks tests/test_walkthrough.py tests/test_readme.py
tests/evaluation --ignore=tests/evaluation/test_evaluator.py \
  --ignore=tests/evaluation/test_flip.py --ignore=tests/evaluation/test_temperature.py
tests/test_backend.py tests/test_presets.py
tests/test_drawing.py tests/test_files.py tests/test_groups.py \
  tests/test_human36m_names.py tests/test_import_directions.py \
  tests/test_public_hints.py tests/test_settings.py tests/test_skeletons.py
endef
export TESTS_ON_JAX
export TESTS_ON_TENSORFLOW := tests/data tests/datasets tests/detection \
  tests/keypoint_files tests/writers
RUN_TESTS := xargs -P 2 -I GROUP sh -c \
  'set -- GROUP; KERAS_BACKEND=$$1; export KERAS_BACKEND; shift; \
   $(BIN)/python -m pytest "$$@" || { echo "failed: GROUP"; exit 1; }'

test: $(VENV)/installed lint
	{ printf '%s\n' "$$TEST_GROUPS" "$$TESTS_ON_TENSORFLOW" | sed 's/^/tensorflow /'; \
	  printf '%s\n' "$$TEST_GROUPS" "$$TESTS_ON_JAX" | sed 's/^/jax /'; } | $(RUN_TESTS)

# Each backend by itself, in an environment of its own.
build/array_record/done: | $(VENV)/installed
	$(BIN)/tfds build datasets/synthetic_human --config=tiny \
	  --data_dir=$(@D) --file_format=array_record
	touch $@

test-install: $(addprefix test-install-,jax tensorflow)

# Both install one wheel: builds from the sources share a folder.
build/wheel/done: $(shell git ls-files propose_keras setup.cfg pyproject.toml 2> /dev/null)
	rm -rf build/wheel build/lib
	$(BIN)/pip wheel --quiet --no-deps --wheel-dir=$(@D) .
	touch $@

test-install-%: build/array_record/done build/wheel/done
	rm -rf build/only_$*
	$(PYTHON) -m venv build/only_$*
	build/only_$*/bin/$(INSTALL) "$$(ls build/wheel/*.whl)[$*]"
	du -sh build/only_$*
	build/only_$*/bin/python tests/check_install.py $* build/array_record

# basedpyright is pyright, packaged so that nothing is fetched when it starts.
lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright

# Warnings are errors. The theme's own notices are of other programs than this one.
docs: $(VENV)/installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/properdocs build --strict --quiet -f mkdocs.yml

DATASET ?= human36m/gt
RUNS ?= runs/ablations/$(subst /,_,$(DATASET))
FRAME_STRIDE ?= 64
VARIANTS := full pilgd_standard base_standard end_to_end without_m2m without_bi \
  without_nll

SEEDS ?= 0 1
ABLATIONS := $(foreach seed,$(SEEDS),$(VARIANTS:%=$(RUNS)/%/seed_$(seed)))

ablations: $(ABLATIONS:%=%/evaluation/report.json)
	for table in 4 5 6 7; do \
	  $(BIN)/python evaluate.py --table=$$table --runs=$(RUNS) || exit 1; done

# A run that was stopped goes on from its checkpoint.
.SECONDARY:
define RULES
$(RUNS)/$(1)/seed_$(2)/model.keras: configs/ablations/$(1).flags configs/ablations/full.flags | $(VENV)/installed
	$(BIN)/python train.py --flagfile=$$< --seed=$(2) --workdir=$$(@D) \
	  --dataset=$(DATASET) --data_dir=$(DATA_DIR) $(TRAIN_FLAGS)
endef
$(foreach variant,$(VARIANTS),$(foreach seed,$(SEEDS),\
  $(eval $(call RULES,$(variant),$(seed)))))

$(RUNS)/%/evaluation/report.json: $(RUNS)/%/model.keras
	$(BIN)/python evaluate.py --workdir=$(RUNS)/$* --dataset=$(DATASET) \
	  --data_dir=$(DATA_DIR) --split=test --protocol=h36m \
	  --num_hypotheses=1,10,200 --frame_stride=$(FRAME_STRIDE)

COMPARISON_RUNS ?= runs/comparison/$(subst /,_,$(DATASET))
MODELS ?= $(filter-out common,$(basename $(notdir $(wildcard configs/comparison/*.flags))))
COMPARISON := $(foreach seed,$(SEEDS),$(MODELS:%=$(COMPARISON_RUNS)/%/seed_$(seed)))
AGGREGATES := mode,mean,geometric_median,medoid
# What one pose is made of, by the name of the model: nothing without a distribution,
# densities where there are some.
aggregates = $(if $(filter deterministic/%,$1),,--aggregate=$(AGGREGATES)$(if \
  $(filter propose/% gaussian/% mixture/%,$1),$(comma)density_mean))
comma := ,

comparison: $(COMPARISON:%=%/evaluation/report.json)
	$(BIN)/python evaluate.py --comparison --runs=$(COMPARISON_RUNS)

define COMPARISON_RULES
$(COMPARISON_RUNS)/$(1)/seed_$(2)/model.keras: configs/comparison/$(1).flags configs/comparison/common.flags | $(VENV)/installed
	$(BIN)/python train.py --flagfile=$$< --seed=$(2) --workdir=$$(@D) \
	  --dataset=$(DATASET) --data_dir=$(DATA_DIR) $(TRAIN_FLAGS)
endef
$(foreach model,$(MODELS),$(foreach seed,$(SEEDS),\
  $(eval $(call COMPARISON_RULES,$(model),$(seed)))))

$(COMPARISON_RUNS)/%/evaluation/report.json: $(COMPARISON_RUNS)/%/model.keras
	$(BIN)/python evaluate.py --workdir=$(COMPARISON_RUNS)/$* --dataset=$(DATASET) \
	  --data_dir=$(DATA_DIR) --split=test --protocol=h36m+cps --calibration_subject=S8 \
	  --num_hypotheses=1,10,200 --frame_stride=$(FRAME_STRIDE) $(call aggregates,$*)

# The folders that docs/datasets.md describes under cmu_mocap and ui_prmd.
CMU ?= cmu
UI_PRMD ?= ui_prmd
PRESET_RUN ?= runs/propose_base
PRESET ?= $(PRESET_RUN)/preset

$(DATA_DIR)/cmu_mocap/standard/1.0.0/dataset_info.json: | $(VENV)/installed
	$(BIN)/tfds build datasets/cmu_mocap --manual_dir=$(CMU) --data_dir=$(DATA_DIR)
$(DATA_DIR)/ui_prmd/standard/1.0.0/dataset_info.json: | $(VENV)/installed
	$(BIN)/tfds build datasets/ui_prmd --manual_dir=$(UI_PRMD) --data_dir=$(DATA_DIR)

PRESET_DATA := $(patsubst %,$(DATA_DIR)/%/1.0.0/dataset_info.json,cmu_mocap/standard \
  ui_prmd/standard synthetic_human/large synthetic_human/rare)
preset: $(PRESET_DATA)
	$(BIN)/python train.py --flagfile=configs/base_preset.flags --data_dir=$(DATA_DIR) \
	  --workdir=$(PRESET_RUN) $(TRAIN_FLAGS)
	$(BIN)/propose-export --workdir=$(PRESET_RUN) --format=preset --half_precision \
	  --output=$(PRESET)

format: $(VENV)/installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) $(DATA_DIR) build runs

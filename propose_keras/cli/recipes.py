"""The models that `train.py` trains: the settings of each, and how it is made.

A comparator is made from its entry in `comparators.COMPARATORS`. Another kind of model
is one more function here and one more entry in `RECIPES`.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import keras

from propose_keras.comparators import COMPARATORS
from propose_keras.deterministic import DeterministicLifter, DeterministicSettings
from propose_keras.model import ProPose
from propose_keras.networks.defaults import ModelSettings
from propose_keras.normalization import PoseNormalization
from propose_keras.normalization_settings import NormalizationSettings
from propose_keras.settings import Settings, setting
from propose_keras.training import (
    AdamSettings,
    OptimizerSettings,
    TrainingSettings,
    make_adam,
    make_optimizer,
)
from propose_keras.training.settings import seed_setting


class Recipe(NamedTuple):
    """How `train.py` makes one kind of model.

    Attributes:
        make: Function of the settings, a dict from classes to objects, and of the
            `RunSettings`; returns a compiled model whose optimizer is built, so that a
            checkpoint can be restored into it.
        settings: The `Settings` classes of which `make` needs an object.
    """

    make: Callable[[dict[type, Any], "RunSettings"], keras.Model]
    settings: tuple[type[Settings], ...]


def make_propose(settings, run):
    """A compiled `ProPose`."""
    model = ProPose.from_sizes(
        settings[ModelSettings],
        normalization=_normalization(settings),
        name="propose",
    )
    training = settings[TrainingSettings]
    optimizer = make_optimizer(training, run.num_steps, settings[OptimizerSettings])
    model.compile(optimizer, settings=training, jit_compile=run.jit_compile)
    return model


def make_deterministic(settings, run):
    """A compiled `DeterministicLifter`; --alpha is its learning rate."""
    model = DeterministicLifter.from_sizes(
        settings[DeterministicSettings],
        normalization=_normalization(settings),
        seed=run.seed,
        name="deterministic_lifter",
    )
    return _compiled(model, settings, run)


def make_comparator(name, settings, run):
    """A compiled comparator, by its name; --alpha is its learning rate."""
    comparator = COMPARATORS[name]
    model = comparator.from_sizes(
        settings[comparator.settings_class],
        normalization=_normalization(settings),
        seed=run.seed,
        name=name,
    )
    return _compiled(model, settings, run)


def _compiled(model, settings, run):
    adam = settings[AdamSettings]
    optimizer = make_adam(adam.alpha, run.num_steps, adam)
    optimizer.build(model.trainable_variables)
    model.compile(optimizer, jit_compile=run.jit_compile)
    return model


def _normalization(settings):
    arguments = settings[NormalizationSettings].to_dict()
    return PoseNormalization(**arguments, name="normalization")


RECIPES = {
    "propose": Recipe(
        make_propose,
        (ModelSettings, NormalizationSettings, TrainingSettings, OptimizerSettings),
    ),
    "deterministic": Recipe(
        make_deterministic,
        (DeterministicSettings, NormalizationSettings, AdamSettings),
    ),
    **{
        name: Recipe(
            functools.partial(make_comparator, name),
            (comparator.settings_class, NormalizationSettings, AdamSettings),
        )
        for name, comparator in COMPARATORS.items()
    },
}


@dataclasses.dataclass(frozen=True)
class RunSettings(Settings):
    """A run of `train.py`, whatever the model.

    Raises:
        ValueError: If a value is out of range, or the run is not made of whole
            intervals.
    """

    model: str = setting(
        "propose",
        "What to train; deterministic, a residual MLP that gives one pose under Eq. 4, "
        "is the reference that ProPose's mode is measured against, the others are "
        "distributions that others have published (docs/comparison.md).",
        choices=tuple(RECIPES),
    )
    seed: int = seed_setting()
    num_steps: int = setting(
        26000, "Steps of training, both phases together.", minimum=1
    )
    checkpoint_interval: int = setting(
        1000,
        "Steps between checkpoints and validations; divides --num_steps.",
        minimum=1,
    )
    jit_compile: bool = setting(True, "Compile the step with XLA.")

    def __post_init__(self):
        super().__post_init__()
        if self.num_steps % self.checkpoint_interval:
            raise ValueError(
                f"--num_steps={self.num_steps} is not a multiple of "
                f"--checkpoint_interval={self.checkpoint_interval}: a run is made of "
                "whole intervals. Change one of the two."
            )

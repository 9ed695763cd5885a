"""The phases of Algorithm 1: which losses, and which networks they move."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from keras import ops

from propose_keras.losses import gate_is_open
from propose_keras.training import objectives
from propose_keras.types import Tensor


class Update(NamedTuple):
    """One gradient computation: a loss and the networks that learn from it."""

    networks: tuple[str, ...]
    objective: Callable


class Phase(NamedTuple):
    """The updates of one step, in order; later ones may use what earlier ones gave."""

    name: str
    updates: tuple[Update, ...]


def make_phases(model: Any, settings: Any) -> tuple[Phase, ...]:
    """The kinds of step that training chooses among.

    A step of phase 1 comes in two kinds, without and with the bidirectional loss, so
    that a step whose gate (Eq. 14) is closed computes nothing of it.

    Args:
        model: A `ProPose` model.
        settings: `TrainingSettings`.

    Returns:
        Tuple of `Phase`; `choose_phase` gives indices into it.
    """
    base = ("pagd_learner", "flow") if model.pagd_learner is not None else ("flow",)
    lifter = ("lifter",) if model.lifter is not None else ()
    adversarial = ()
    if settings.use_discriminator:
        adversarial = (Update(("discriminator",), objectives.discriminator),)
    if settings.scheme == "end_to_end":
        name, objective = "end_to_end", objectives.end_to_end
        networks = ("pilgd_learner", *base, *lifter)
    else:
        name, objective = "phase_1", objectives.phase_1
        networks = ("pilgd_learner", *lifter)
    phases = []
    for is_open in (False, True) if settings.bidirectional_weight > 0.0 else (False,):
        update = Update(networks, functools.partial(objective, bidirectional=is_open))
        phases.append(Phase(name, (update, *adversarial)))
    if settings.scheme == "alternate":
        update = Update((*base, *lifter), objectives.phase_2)
        phases.append(Phase("phase_2", (update,)))
    return tuple(phases)


def choose_phase(step: Tensor, seeds: Tensor, settings: Any) -> Tensor:
    """Index into `make_phases`' result of a step: inside a compiled step or outside.

    Args:
        step: Integer scalar, 0 for the first step.
        seeds: The step's `noise_seeds`: one decides the gate of Eq. 14.
        settings: `TrainingSettings`.

    Returns:
        Int32 scalar. N_p1 steps of phase 1, then N_p2 of phase 2, and over again.
    """
    index = ops.zeros((), "int32")
    if settings.bidirectional_weight > 0.0:
        beta = objectives.gate_draw(seeds)
        index = ops.cast(gate_is_open(beta, settings.gate), "int32")
    if settings.scheme == "end_to_end":
        return index
    position = ops.mod(ops.cast(step, "int32"), settings.round_length)
    phase_2 = 2 if settings.bidirectional_weight > 0.0 else 1
    return ops.where(position < settings.num_phase_1, index, phase_2)

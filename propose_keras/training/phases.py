"""The phases of Algorithm 1: which losses, and which networks they move."""

from typing import NamedTuple

from keras import ops

from propose_keras.training import objectives


class Update(NamedTuple):
    """One gradient computation: a loss and the networks that learn from it."""

    networks: tuple[str, ...]
    objective: callable


class Phase(NamedTuple):
    """The updates of one step, in order; later ones may use what earlier ones gave."""

    name: str
    updates: tuple[Update, ...]


def make_phases(model, settings):
    """The phases that a step chooses among.

    Args:
        model: A `ProPose` model.
        settings: `TrainingSettings`.

    Returns:
        Tuple of `Phase`: two for the alternating scheme, one end-to-end.
    """
    base = ("pagd_learner", "flow") if model.pagd_learner is not None else ("flow",)
    adversarial = ()
    if settings.use_discriminator:
        adversarial = (Update(("discriminator",), objectives.discriminator),)
    if settings.scheme == "end_to_end":
        update = Update(("pilgd_learner", *base), objectives.end_to_end)
        return (Phase("end_to_end", (update, *adversarial)),)
    return (
        Phase(
            "phase_1", (Update(("pilgd_learner",), objectives.phase_1), *adversarial)
        ),
        Phase("phase_2", (Update(base, objectives.phase_2),)),
    )


def phase_index(step, settings):
    """Index into `make_phases`' result of a step, inside or outside a compiled step.

    Args:
        step: Integer scalar, 0 for the first step.
        settings: `TrainingSettings`.

    Returns:
        Int32 scalar: N_p1 steps of 0, N_p2 steps of 1, and over again.
    """
    if settings.scheme == "end_to_end":
        return ops.zeros((), "int32")
    position = ops.mod(ops.cast(step, "int32"), settings.round_length)
    return ops.cast(position >= settings.num_phase_1, "int32")

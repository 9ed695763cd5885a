"""What Algorithm 1 leaves open, and the switches of the paper's ablations.

The paper gives none of these numbers; `docs/experiments.md` shows how the defaults were
chosen.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from propose_keras.settings import Settings, setting

SCHEMES = ("alternate", "end_to_end")
SCHEDULES = ("cosine", "constant")


def seed_setting() -> Any:
    """The field of a seed; `train.py` has one flag for all of them."""
    return setting(
        0,
        "Of weights, order of the data and training noise; the noise is a function of "
        "(seed, step).",
        minimum=0,
        maximum=2**31 - 1,
    )


@dataclasses.dataclass(frozen=True)
class TrainingSettings(Settings):
    """Settings of the training scheme and its losses.

    Each loss of the paper has a weight; at 0 the loss is left out.

    Raises:
        ValueError: If a value is out of range or two contradict each other.
    """

    scheme: str = setting(
        "alternate",
        "Training scheme: the phases of Algorithm 1, or all networks at once (Table "
        "6).",
        choices=SCHEMES,
    )
    num_phase_1: int = setting(
        1, "N_p1 of Algorithm 1: batches of phase 1 in a round.", minimum=1
    )
    num_phase_2: int = setting(
        1, "N_p2 of Algorithm 1: batches of phase 2 in a round.", minimum=1
    )
    training_hypotheses: int = setting(
        10, "L: hypotheses drawn for the best-of-M loss (Eq. 12).", minimum=1
    )
    num_best: int = setting(
        2, "k of Eq. 12: how many of the L hypotheses are averaged.", minimum=1
    )
    gate: float = setting(
        0.7,
        "b of Eq. 14: probability that a step leaves the bidirectional loss out.",
        minimum=0,
        maximum=1,
    )
    margin: float = setting(0.5, "m of Eq. 11, in normalised units.", minimum=0)
    recon_3d_weight: float = setting(1.0, "Weight of L_recon3D (Eq. 4).", minimum=0)
    recon_2d_weight: float = setting(1.0, "Weight of L_recon2D (Eq. 6).", minimum=0)
    nll_weight: float = setting(
        1.0,
        "Weight of L_NLL (Eq. 10; Table 7). Without it only --scheme=end_to_end makes "
        "sense, as the paper states.",
        minimum=0,
    )
    m2m_weight: float = setting(1.0, "Weight of L_m2m (Eq. 15; Table 7).", minimum=0)
    bidirectional_weight: float = setting(
        1.0, "Weight of L_Bi (Eq. 14; Table 7).", minimum=0
    )
    lift_weight: float = setting(
        1.0,
        "Weight of the error of the lifted pose (Eq. 4's distance).",
        minimum=0,
    )
    lift_noise: float = setting(
        0.0,
        "Noise on the lifted pose in training, in normalised units: it is to be as far "
        "off as on new people.",
        minimum=0,
    )
    mode_weight: float = setting(
        0.0, "Weight of the mode's error (Eq. 4's distance) in phase 2.", minimum=0
    )
    generator_weight: float = setting(
        0.1,
        "Weight of L_G (Eq. 11); 0 here and for --pulling_away_weight leaves the "
        "discriminator out.",
        minimum=0,
    )
    pulling_away_weight: float = setting(0.1, "Weight of L_PT (Eq. 11).", minimum=0)
    kl_weight: float = setting(
        0.1,
        "Weight of the KL term of the variational PILGD learner (Table 4).",
        minimum=0,
    )
    seed: int = seed_setting()

    def __post_init__(self):
        super().__post_init__()
        if self.num_best > self.training_hypotheses:
            raise ValueError(
                f"`num_best` ({self.num_best}) cannot exceed `training_hypotheses` "
                f"({self.training_hypotheses}): the best are chosen among those."
            )
        if self.scheme == "alternate" and self.nll_weight == 0.0:
            raise ValueError(
                "Without L_NLL nothing trains the flow in phase 2. Train without it "
                'end-to-end, as the paper does: scheme="end_to_end".'
            )

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "TrainingSettings":
        """Settings from a dict, also of a model that version 0.1.0 saved.

        Raises:
            TypeError: If a name is no field.
            ValueError: If a value is out of range.
        """
        return cls.resolve(None, rename_old(values))

    @property
    def use_discriminator(self) -> bool:
        """Whether the adversarial losses of Eq. 11 take part."""
        return self.generator_weight > 0.0 or self.pulling_away_weight > 0.0

    @property
    def round_length(self) -> int:
        """Steps after which the phases repeat."""
        if self.scheme == "end_to_end":
            return 1
        return self.num_phase_1 + self.num_phase_2

    def steps_of_phase(self, phase: int, num_steps: int) -> int:
        """How many of the first `num_steps` steps belong to a phase.

        Args:
            phase: 0 for phase 1, 1 for phase 2.
            num_steps: Number of steps from the start.
        """
        if self.scheme == "end_to_end":
            return num_steps
        rounds, rest = divmod(num_steps, self.round_length)
        in_phase_1 = rounds * self.num_phase_1 + min(rest, self.num_phase_1)
        return in_phase_1 if phase == 0 else num_steps - in_phase_1


# Switches that became weights: saved models have the first name, runs the second.
_OLD_SWITCHES = {
    name: weight
    for weight in ("nll_weight", "m2m_weight", "bidirectional_weight")
    for name in (
        f"use_{weight.removesuffix('_weight')}",
        weight.removesuffix("_weight"),
    )
}


def rename_old(values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that version 0.1.0 wrote, under the names of today.

    Args:
        values: Name to value, of a saved model's `TrainingSettings` or of a run's
            `configuration.json`.
    """
    renamed = {}
    for name, value in values.items():
        if name in _OLD_SWITCHES:
            renamed[_OLD_SWITCHES[name]] = float(value)
        elif name == "num_hypotheses":
            renamed["training_hypotheses"] = value
        else:
            renamed[name] = value
    return renamed


@dataclasses.dataclass(frozen=True)
class AdamSettings(Settings):
    """Adam with a schedule that ends when training does."""

    alpha: float = setting(
        4e-3, "Learning rate of g, k, q, v and h (Algorithm 1).", minimum=0
    )
    schedule: str = setting(
        "cosine", "How rates go on after the warm-up: to 0, or not.", choices=SCHEDULES
    )
    warmup: float = setting(
        0.02,
        "Share of the steps over which rates rise linearly from 0.",
        minimum=0,
        maximum=0.99,
    )
    weight_decay: float = setting(0.0, "Of AdamW; 0 is Adam.", minimum=0)
    clip_norm: float = setting(
        1.0,
        "Norm that each network's gradient is clipped to; 0 is no limit.",
        minimum=0,
    )
    ema_momentum: float = setting(
        0.0,
        "Momentum of the running average of the weights; 0 is no average.",
        minimum=0,
        maximum=0.999999,
    )


@dataclasses.dataclass(frozen=True)
class OptimizerSettings(AdamSettings):
    """The optimizers of ProPose's networks: Adam for each, with rates of its own."""

    beta: float = setting(2e-3, "Learning rate of f (Algorithm 1).", minimum=0)
    discriminator_rate: float = setting(1e-3, "Learning rate of D.", minimum=0)
    lifter_rate: float = setting(
        2e-3, "Learning rate of the lifter of --encoder=graph.", minimum=0
    )

"""What Algorithm 1 leaves open, and the switches of the paper's ablations."""

import dataclasses

SCHEMES = ("alternate", "end_to_end")


@dataclasses.dataclass(frozen=True)
class TrainingSettings:
    """Settings of the training scheme and its losses.

    The paper gives none of these numbers; `docs/experiments.md` says where the defaults
    come from.

    Attributes:
        scheme: `"alternate"` (Algorithm 1) or `"end_to_end"` (Table 6).
        num_phase_1: N_p1, batches of phase 1 in a round.
        num_phase_2: N_p2, batches of phase 2 in a round.
        num_hypotheses: L, hypotheses drawn for the best-of-M loss (Eq. 12).
        num_best: k, how many of them are averaged (Eq. 12).
        gate: b of Eq. 14: the bidirectional loss is left out with this probability.
        margin: m of Eq. 11, in normalised units.
        generator_weight: Weight of L_G in the PILGD learner's loss; 0 together with
            `pulling_away_weight` leaves the discriminator out.
        pulling_away_weight: Weight of L_PT there.
        kl_weight: Weight of the KL term of the variational PILGD learner (Table 4).
        use_m2m: Whether L_m2m (Eq. 15) is trained (Table 7).
        use_bidirectional: Whether L_Bi (Eq. 14) is trained (Table 7).
        use_nll: Whether L_NLL (Eq. 10) is trained (Table 7); without it only
            `"end_to_end"` makes sense, as the paper states.
        seed: Of all training noise, which is a function of (seed, step).

    Raises:
        ValueError: If a value is out of range or two contradict each other.
    """

    scheme: str = "alternate"
    num_phase_1: int = 1
    num_phase_2: int = 1
    num_hypotheses: int = 10
    num_best: int = 2
    gate: float = 0.7
    margin: float = 0.5
    generator_weight: float = 0.1
    pulling_away_weight: float = 0.1
    kl_weight: float = 0.1
    use_m2m: bool = True
    use_bidirectional: bool = True
    use_nll: bool = True
    seed: int = 0

    def __post_init__(self):
        if self.scheme not in SCHEMES:
            raise ValueError(f"`scheme` must be one of {SCHEMES}, not {self.scheme!r}.")
        for name in ("num_phase_1", "num_phase_2", "num_hypotheses", "num_best"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"`{name}` must be at least 1, not {getattr(self, name)}."
                )
        if self.num_best > self.num_hypotheses:
            raise ValueError(
                f"`num_best` ({self.num_best}) cannot exceed `num_hypotheses` "
                f"({self.num_hypotheses}): the best are chosen among those."
            )
        if not 0.0 <= self.gate <= 1.0:
            raise ValueError(f"`gate` is a probability in [0, 1], not {self.gate}.")
        for name in ("margin", "generator_weight", "pulling_away_weight", "kl_weight"):
            if getattr(self, name) < 0.0:
                raise ValueError(
                    f"`{name}` must not be negative, received {getattr(self, name)}."
                )
        if not 0 <= self.seed < 2**31:
            raise ValueError(f"`seed` must be in [0, 2**31), not {self.seed}.")
        if self.scheme == "alternate" and not self.use_nll:
            raise ValueError(
                "Without L_NLL nothing trains the flow in phase 2. Train without it "
                'end-to-end, as the paper does: scheme="end_to_end".'
            )

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

"""What lifting gives."""

import dataclasses
from collections.abc import Sequence

import numpy as np

AXES = "camera: x right, y down, z forward; mm relative to the hip"


@dataclasses.dataclass(frozen=True, eq=False)
class LiftedPoses:
    """3D poses of people in frames, one row each.

    All poses are in mm relative to the hip, in the camera's axes (x right, y down, z
    forward) and in the joint order `propose_keras.skeletons.H36M_17`.

    Attributes:
        frame: The source's name of the frame: `(N,)` ints or strings.
        person: Number of the person, `(N,)` ints: of the track where the source tracks
            people, else of the place within the frame.
        mode: `(N, 17, 3)`, the single best pose: the mode of the base distribution
            through the flow and the decoder.
        hypotheses: `(N, S, 17, 3)`, draws from the distribution.
        mean: `(N, 17, 3)`, mean of the hypotheses.
        spread: `(N, 17)` mm, standard deviation of each joint over the hypotheses: the
            root of the mean squared distance to `mean`.
        mode_latent_log_prob: `(N,)` nats, log-density of the mode's latent `w =
            f^-1(mu_2D)` under the flow (Eq. 9); a density of latents, not of poses.
        keypoints: `(N, 17, 2)` pixels that were lifted, gaps filled in.
        scores: `(N, 17)`, the detector's.
        missing: `(N, 17)` bool: joints that were filled in.
        num_skipped: People left out since too few of their joints were measured.
        warnings: What was changed on reading and what does not look right, in words;
            each is also a `KeypointWarning`.
    """

    frame: list[int | str]
    person: np.ndarray
    mode: np.ndarray
    hypotheses: np.ndarray
    mean: np.ndarray
    spread: np.ndarray
    mode_latent_log_prob: np.ndarray
    keypoints: np.ndarray
    scores: np.ndarray
    missing: np.ndarray
    num_skipped: int = 0
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.mode)

    def take(self, row: int, num_hypotheses: int | None = None) -> "LiftedPoses":
        """One row, by default with all hypotheses; nobody counts as skipped."""
        arrays = {name: getattr(self, name)[row : row + 1] for name in ARRAY_FIELDS}
        arrays["hypotheses"] = arrays["hypotheses"][:, :num_hypotheses].copy()
        return LiftedPoses(frame=self.frame[row : row + 1], **arrays)

    @classmethod
    def concatenate(cls, parts: Sequence["LiftedPoses"]) -> "LiftedPoses":
        """Joins batches, of which there must be at least one."""
        joined = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ARRAY_FIELDS
        }
        return cls(
            frame=[frame for part in parts for frame in part.frame],
            num_skipped=sum(part.num_skipped for part in parts),
            warnings=tuple(dict.fromkeys(w for part in parts for w in part.warnings)),
            **joined,
        )


ARRAY_FIELDS = tuple(
    field.name
    for field in dataclasses.fields(LiftedPoses)
    if field.name not in ("frame", "num_skipped", "warnings")
)

"""What lifting gives."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from propose_keras.inference.modes import PoseModes, find_modes
from propose_keras.skeletons import H36M_17

AXES = "camera: x right, y down, z forward; mm relative to the hip"


@dataclasses.dataclass(frozen=True, eq=False)
class LiftedPoses:
    """3D poses of people in frames, one row each.

    All poses are in mm relative to the hip, in the camera's axes (x right, y down, z
    forward), unless `axes` says otherwise, and in the joint order
    `propose_keras.skeletons.H36M_17`.

    Attributes:
        frame: Times, `(N,)` ints: the number in the frame's name, see
            `inference.frame_times`, from 0 on where names have none.
        frame_name: The source's names of the frames, N ints or strings.
        person: Who it is, `(N,)` ints, or strings where the source names people: the
            track where people are tracked, by the source or here, else the place within
            the frame.
        mode: `(N, 17, 3)`, the single best pose: the mode of the base distribution
            through the flow and the decoder.
        hypotheses: `(N, S, 17, 3)`, draws from the distribution.
        mean: `(N, 17, 3)`, mean of the hypotheses.
        spread: `(N, 17)` mm, standard deviation of each joint over the hypotheses: the
            root of the mean squared distance to `mean`.
        mode_latent_log_prob: `(N,)` nats, log-density of the mode's latent `w =
            f^-1(mu_2D)` under the flow (Eq. 9); a density of latents, not of poses.
        spread_about_thorax: `(N, 17)` mm, as `spread`, of each joint relative to the
            thorax: what is known of a person whose hips are not seen.
        root: `(N, 3)` mm, where the hip of `mode` is in the camera's frame, see
            `inference.placement`. By an assumed focal length where `intrinsics` were
            not given; NaN where not even the image's size is known.
        root_hypotheses: `(N, S, 3)` mm, of each hypothesis.
        root_covariance: `(N, 3, 3)` mm^2, of `root`, with what is not known of the
            person's size and the focal length.
        keypoints: `(N, 17, 2)` pixels that were lifted, gaps filled in.
        scores: `(N, 17)`, the detector's.
        missing: `(N, 17)` bool: joints that were filled in.
        sides_exchanged: `(N,)` bool: left and right were put back, see
            `inference.sides`.
        num_skipped: People left out since too few of their joints were measured.
        warnings: What was changed on reading and what does not look right, in words;
            each is also a `KeypointWarning`.
        axes: What the axes are, in words: the camera's, or see `inference.in_world`.
        forward: Where the camera looks, a unit vector in these axes.
    """

    frame: np.ndarray
    frame_name: list[int | str]
    person: np.ndarray
    mode: np.ndarray
    hypotheses: np.ndarray
    mean: np.ndarray
    spread: np.ndarray
    spread_about_thorax: np.ndarray
    mode_latent_log_prob: np.ndarray
    root: np.ndarray
    root_hypotheses: np.ndarray
    root_covariance: np.ndarray
    keypoints: np.ndarray
    scores: np.ndarray
    missing: np.ndarray
    sides_exchanged: np.ndarray
    num_skipped: int = 0
    warnings: tuple[str, ...] = ()
    axes: str = AXES
    forward: tuple[float, float, float] = (0.0, 0.0, 1.0)

    def __len__(self) -> int:
        return len(self.mode)

    def take(self, row: int, num_hypotheses: int | None = None) -> "LiftedPoses":
        """One row, by default with all hypotheses; nobody counts as skipped."""
        one = self.subset([row])
        return dataclasses.replace(
            one,
            hypotheses=one.hypotheses[:, :num_hypotheses].copy(),
            root_hypotheses=one.root_hypotheses[:, :num_hypotheses].copy(),
        )

    def subset(self, rows: np.ndarray | slice | Sequence[int]) -> "LiftedPoses":
        """Some rows, in the order given; nobody counts as skipped."""
        rows = np.arange(len(self))[rows]
        return LiftedPoses(
            frame_name=[self.frame_name[row] for row in rows],
            axes=self.axes,
            forward=self.forward,
            **{name: getattr(self, name)[rows] for name in ARRAY_FIELDS},
        )

    def modes(self) -> PoseModes:
        """Up to three modes of each pose with their weights, see `inference.modes`.

        Fewer than 50 hypotheses are too few to tell: they are one mode.
        `mode` is the model's single best pose, which need not be one of them.
        """
        return find_modes(self.hypotheses, self.forward)

    def with_poses(self, poses: np.ndarray, roots: np.ndarray) -> "LiftedPoses":
        """The same people with other poses and roots, and what follows from them.

        Args:
            poses: `(N, 1 + S, 17, 3)` mm, the mode first.
            roots: `(N, 1 + S, 3)` mm.
        """
        poses, roots = poses.astype(np.float32), roots.astype(np.float32)
        hypotheses, root_hypotheses = poses[:, 1:], roots[:, 1:]
        thorax = hypotheses[:, :, H36M_17.index("Thorax"), None]
        return dataclasses.replace(
            self,
            mode=poses[:, 0],
            hypotheses=hypotheses,
            mean=hypotheses.mean(axis=1),
            spread=_spread(hypotheses),
            spread_about_thorax=_spread(hypotheses - thorax),
            root=roots[:, 0],
            root_hypotheses=root_hypotheses,
            root_covariance=(
                self.root_covariance
                + _covariance(root_hypotheses)
                - _covariance(self.root_hypotheses)
            ),
        )

    @classmethod
    def concatenate(cls, parts: Sequence["LiftedPoses"]) -> "LiftedPoses":
        """Joins batches, of which there must be at least one."""
        joined = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ARRAY_FIELDS
        }
        people = [person for part in parts for person in part.person.tolist()]
        joined["person"] = numbers_or_names(people)
        return cls(
            frame_name=[name for part in parts for name in part.frame_name],
            num_skipped=sum(part.num_skipped for part in parts),
            warnings=tuple(dict.fromkeys(w for part in parts for w in part.warnings)),
            axes=parts[0].axes,
            forward=parts[0].forward,
            **joined,
        )


def _spread(hypotheses):
    return np.sqrt(np.var(hypotheses, axis=1).sum(axis=-1))


def _covariance(roots):
    """Of hypotheses `(N, S, 3)`, `(N, 3, 3)`."""
    centred = roots - roots.mean(axis=1, keepdims=True)
    return np.swapaxes(centred, 1, 2) @ centred / centred.shape[1]


def numbers_or_names(values: Sequence[int | str]) -> np.ndarray:
    """What sources call frames or people, `(N,)`: int64 if all are ints, else text."""
    if all(isinstance(value, int) and abs(value) < 2**63 for value in values):
        return np.array(values, np.int64)
    return np.array([str(value) for value in values])


ARRAY_FIELDS = tuple(
    field.name
    for field in dataclasses.fields(LiftedPoses)
    if field.name not in ("frame_name", "num_skipped", "warnings", "axes", "forward")
)

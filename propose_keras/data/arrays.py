"""Clips laid out as flat in-memory arrays: picking frames is indexing."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence

import numpy as np


@dataclasses.dataclass(frozen=True, eq=False)
class Clip:
    """What is known of one clip seen by one camera.

    Attributes:
        subject: The person, such as `S9`.
        action: What they do, such as `WalkDog`.
        take: Which performance of the action, such as `1`.
        camera: Name of the camera.
        frame_rate: Frames per second.
        image_size: `(width, height)` in pixels.
        intrinsics: `(4,)`: fx, fy, cx, cy in pixels.
        distortion: `(5,)`: k1, k2, k3, p1, p2.
        rotation: World to camera, `(3, 3)`.
        translation: Position of the camera in the world, `(3,)`, mm.
        num_frames: Length of the clip as it was built, whatever part of it is
            selected later.
    """

    subject: str
    action: str
    take: str
    camera: str
    frame_rate: float
    image_size: tuple[int, int]
    intrinsics: np.ndarray
    distortion: np.ndarray
    rotation: np.ndarray
    translation: np.ndarray
    num_frames: int


@dataclasses.dataclass(frozen=True, eq=False)
class PoseArrays:
    """Frames of many clips, one row each, in the order of the clips.

    Attributes:
        keypoints_2d: Pixels, `(N, 17, 2)` float32.
        pose_3d: Camera-frame positions, not root-relative, mm, `(N, 17, 3)` float32.
        clips: The clips that the rows come from; each has at least one row.
        clip_index: Row to index in `clips`, `(N,)` int32.
        frame_index: Number of the frame in its clip, from 0, `(N,)` int32.
        keypoint_scores: Confidences, `(N, 17)` float32, or None.
    """

    keypoints_2d: np.ndarray
    pose_3d: np.ndarray
    clips: list[Clip]
    clip_index: np.ndarray
    frame_index: np.ndarray
    keypoint_scores: np.ndarray | None = None

    def __post_init__(self):
        num_rows, num_joints = self.pose_3d.shape[:2]
        expected = {
            "keypoints_2d": (num_rows, num_joints, 2),
            "pose_3d": (num_rows, num_joints, 3),
            "clip_index": (num_rows,),
            "frame_index": (num_rows,),
        }
        if self.keypoint_scores is not None:
            expected["keypoint_scores"] = (num_rows, num_joints)
        for name, shape in expected.items():
            if getattr(self, name).shape != shape:
                raise ValueError(
                    f"Expected `{name}` of shape {shape}, as `pose_3d` has "
                    f"{num_rows} rows, received {getattr(self, name).shape}."
                )

    def __len__(self) -> int:
        return len(self.pose_3d)

    @classmethod
    def concatenate(cls, parts: Sequence[PoseArrays]) -> PoseArrays:
        """Joins one or more arrays; scores are kept if all have them."""
        offsets = np.cumsum([0, *(len(part.clips) for part in parts)])
        joined = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ("keypoints_2d", "pose_3d", "frame_index")
        }
        scores = [p.keypoint_scores for p in parts if p.keypoint_scores is not None]
        return cls(
            clips=[clip for part in parts for clip in part.clips],
            clip_index=np.concatenate(
                [p.clip_index + np.int32(o) for p, o in zip(parts, offsets)]
            ),
            keypoint_scores=np.concatenate(scores)
            if len(scores) == len(parts)
            else None,
            **joined,
        )

    def image_sizes(self) -> np.ndarray:
        """Width and height for each row in pixels, `(N, 2)` float32."""
        sizes = np.array([c.image_size for c in self.clips], np.float32)
        return sizes.reshape(-1, 2)[self.clip_index]

    def labels(self, attribute: str) -> np.ndarray:
        """A `Clip` attribute for each row, `(N,)`.

        For example `arrays.labels("action")`.
        """
        values = np.array([getattr(clip, attribute) for clip in self.clips])
        return values[self.clip_index]

    def subset(self, indices: np.ndarray | slice | Sequence[int]) -> PoseArrays:
        """The rows at `indices` (numbers, mask or slice), in that order.

        A slice shares memory with this object; clips left without a row go.
        """
        if not isinstance(indices, slice):
            indices = np.asarray(indices)
            if indices.size == 0:
                indices = indices.astype(np.intp)
        clip_index = self.clip_index[indices]
        used, renumbered = np.unique(clip_index, return_inverse=True)
        scores = self.keypoint_scores
        return PoseArrays(
            keypoints_2d=self.keypoints_2d[indices],
            pose_3d=self.pose_3d[indices],
            clips=[self.clips[i] for i in used],
            clip_index=renumbered.astype(np.int32).reshape(clip_index.shape),
            frame_index=self.frame_index[indices],
            keypoint_scores=None if scores is None else scores[indices],
        )

    def select(
        self,
        subjects: Collection[str] | None = None,
        exclude_subjects: Collection[str] = (),
        actions: Collection[str] | None = None,
        cameras: Collection[str] | None = None,
        frame_stride: int = 1,
        frame_rate: float | None = None,
    ) -> PoseArrays:
        """The rows that match every argument given.

        Args:
            subjects: Subjects to keep; None keeps all.
            exclude_subjects: Subjects to leave out.
            actions: Actions to keep.
            cameras: Cameras to keep.
            frame_stride: Keeps every so many frames, counted from frame 0 of each
                clip, at the frame rate wanted where `frame_rate` is given.
            frame_rate: Frames per second wanted: of each clip the frames nearest to
                that rate's grid. Clips may differ in rate; none may be slower.

        Returns:
            The rows in their order.

        Raises:
            ValueError: If nothing in the arrays carries a name asked for, the stride
                is below 1, or a clip is slower than `frame_rate`.
        """
        if frame_stride < 1 or int(frame_stride) != frame_stride:
            raise ValueError(
                f"`frame_stride` must be a whole number of at least 1, "
                f"received {frame_stride}."
            )
        keep_clip = np.ones(len(self.clips), bool)
        for attribute, wanted in (
            ("subject", subjects),
            ("action", actions),
            ("camera", cameras),
        ):
            if wanted is not None:
                keep_clip &= self._clips_with(attribute, wanted)
        if exclude_subjects:
            keep_clip &= ~self._clips_with("subject", exclude_subjects)
        keep = keep_clip[self.clip_index]
        if frame_rate is None:
            keep &= self.frame_index % frame_stride == 0
        else:
            steps = self._frame_steps(frame_rate, keep_clip) * frame_stride
            keep &= _on_grid(self.frame_index, steps[self.clip_index])
        return self.subset(np.flatnonzero(keep))

    def _clips_with(self, attribute: str, wanted: Collection[str]) -> np.ndarray:
        if isinstance(wanted, str):
            wanted = (wanted,)
        present = {getattr(clip, attribute) for clip in self.clips}
        unknown = sorted(set(wanted) - present)
        if unknown:
            raise ValueError(
                f"No clip has the {attribute} {', '.join(unknown)}. "
                f"There are: {', '.join(sorted(present))}."
            )
        return np.array([getattr(c, attribute) in wanted for c in self.clips], bool)

    def _frame_steps(self, frame_rate: float, keep_clip: np.ndarray) -> np.ndarray:
        if not frame_rate > 0:
            raise ValueError(f"`frame_rate` must be positive, received {frame_rate}.")
        rates = np.array([clip.frame_rate for clip in self.clips], np.float64)
        steps = rates / frame_rate
        slow = keep_clip & (steps < 1 - 1e-6)
        if slow.any():
            raise ValueError(
                f"`frame_rate` is {frame_rate} frames per second, but the slowest "
                f"clip has {rates[slow].min():g}: frames are left out, never made up."
            )
        return np.maximum(steps, 1)


def _on_grid(frame_index: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Whether a frame is the nearest one to some multiple of `step` (at least 1)."""
    tolerance = 1e-6
    multiple = np.ceil((frame_index - 0.5) / step - tolerance)
    nearest = np.floor(multiple * step + 0.5 + tolerance)
    return (multiple >= 0) & (nearest == frame_index)


def split_validation(
    arrays: PoseArrays, subject: str = "S8"
) -> tuple[PoseArrays, PoseArrays]:
    """Parts training rows from those of a held-out training subject.

    Args:
        arrays: Rows of the split `train`.
        subject: Who is held out. Choosing a model on the test subjects would make
            their numbers worthless.

    Returns:
        Rows of everyone else, and rows of `subject`.

    Raises:
        ValueError: If `subject` is not among the rows, or nobody else is.
    """
    if {clip.subject for clip in arrays.clips} == {subject}:
        raise ValueError(
            f"All rows are of subject {subject}: holding it out leaves nothing to "
            "train on."
        )
    validation = arrays.select(subjects=(subject,))
    return arrays.select(exclude_subjects=(subject,)), validation

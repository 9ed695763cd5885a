"""One sequence seen by one camera, whatever file it came from."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from propose_keras.data.building import clip_example
from propose_keras.data.cameras import Camera
from propose_keras.data.errors import DataFileError
from propose_keras.skeletons import MPI_INF_3DHP_17, convert

from . import facts

# The pelvis lies on the line between the hips; in any other joint order the same
# three indices are far from that.
_PELVIS_TOLERANCE_MM = 150.0


@dataclasses.dataclass(frozen=True, eq=False)
class Recording:
    """Annotated frames of one sequence seen by one camera.

    Attributes:
        subject: `S1` to `S8`, or `TS1` to `TS6`.
        action: `Seq1` or `Seq2` of the training set; an activity of the test set.
        scene: `GS`, `noGS` or `Outdoor` for the test set, else empty.
        camera: The camera; its figures are NaN where the source has none.
        frame_rate: Frames per second.
        annot2: Pixels, `(N, 17, 2)`.
        univ_annot3: Positions scaled to the universal skeleton, camera frame, mm,
            `(N, 17, 3)`.
        annot3: Measured positions, camera frame, mm, `(N, 17, 3)`; `(0, 17, 3)` where
            the source has none.
        frame_numbers: Index of each frame in the source, from 0, `(N,)`; the image
            of frame `n` is `img_{n + 1:06d}.jpg`.
        activity: Activity of each frame, 1 to 7, or 0 where unknown, `(N,)`.
        num_annotated: Frames in the source, those not valid included.
    """

    subject: str
    action: str
    scene: str
    camera: Camera
    frame_rate: float
    annot2: np.ndarray
    univ_annot3: np.ndarray
    annot3: np.ndarray
    frame_numbers: np.ndarray
    activity: np.ndarray
    num_annotated: int

    def select(self, mask: np.ndarray) -> Recording:
        """The frames where `mask`, `(N,)`, is true."""
        return dataclasses.replace(
            self,
            **{
                name: getattr(self, name)[mask]
                for name in ("annot2", "univ_annot3", "frame_numbers", "activity")
            },
            annot3=self.annot3[mask] if len(self.annot3) else self.annot3,
        )

    def split_by_activity(self) -> Iterator[Recording]:
        """One recording per activity, named after it, in the order of its number."""
        for activity in np.unique(self.activity):
            name = facts.ACTIVITIES.get(int(activity), "Unknown")
            part = self.select(self.activity == activity)
            yield dataclasses.replace(part, action=name)

    def fix_swapped_sides(self) -> Recording:
        """Swaps left and right back in the frames where the authors' files have them.

        Only where the annotations really jump to the other side at the first of
        these frames, so a file that was corrected already stays as it is.
        """
        frames = facts.SWAPPED_SIDES.get((self.subject, self.action))
        if frames is None:
            return self
        first, last = frames
        at = np.searchsorted(self.frame_numbers, first)
        if not 0 < at < len(self.frame_numbers):
            return self
        before, after = self.univ_annot3[at - 1], self.univ_annot3[at]
        flip = list(MPI_INF_3DHP_17.flip)
        if np.abs(after - before).sum() <= np.abs(after[flip] - before).sum():
            return self
        rows = (self.frame_numbers >= first) & (self.frame_numbers < last)
        fixed = {}
        for name in ("annot2", "univ_annot3", "annot3"):
            values = getattr(self, name).copy()
            if len(values):
                values[rows] = values[rows][:, flip]
            fixed[name] = values
        return dataclasses.replace(self, **fixed)


def make_recording(source: str, **fields) -> Recording:
    """Checks the arrays of a `Recording` and makes it.

    Args:
        source: File and sequence, for the message.
        **fields: `Recording`'s; `annot3` may be None.

    Raises:
        DataFileError: If shapes or lengths are wrong, a number is not finite, or the
            joints are not in MPI-INF-3DHP's 17-joint order.
    """
    num_frames, num_joints = len(fields["annot2"]), MPI_INF_3DHP_17.num_joints
    if fields["annot3"] is None:
        fields["annot3"] = np.zeros((0, num_joints, 3))
    expected = {
        "annot2": (num_frames, num_joints, 2),
        "univ_annot3": (num_frames, num_joints, 3),
        "annot3": (num_frames if len(fields["annot3"]) else 0, num_joints, 3),
        "frame_numbers": (num_frames,),
        "activity": (num_frames,),
    }
    for name, shape in expected.items():
        if fields[name].shape != shape:
            raise DataFileError(
                f"{source}: expected `{name}` of shape {shape}, as `annot2` has "
                f"{num_frames} frames, received {fields[name].shape}."
            )
        if not np.isfinite(fields[name]).all():
            raise DataFileError(f"{source}: `{name}` is not finite everywhere.")
    if not num_frames:
        raise DataFileError(f"{source} has no valid frame.")
    for name in ("univ_annot3", "annot3"):
        _check_joint_order(source, name, fields[name])
    return Recording(**fields)


def _check_joint_order(source: str, name: str, poses: np.ndarray) -> None:
    if not len(poses):
        return
    pelvis, right, left = (
        poses[:, MPI_INF_3DHP_17.index(j)] for j in ("Pelvis", "RHip", "LHip")
    )
    gap = np.median(np.linalg.norm(pelvis - (right + left) / 2, axis=-1))
    if gap > _PELVIS_TOLERANCE_MM:
        raise DataFileError(
            f"{source}: in `{name}` joint 14 lies {gap:.0f} mm from the middle of "
            "joints 8 and 11, where MPI-INF-3DHP's order has pelvis and hips. The "
            "joints are in another order, or the unit is not mm. Build from the "
            "authors' files, or from P-STMO's, which keep their order."
        )


def to_example(recording: Recording) -> dict:
    """Features of one recording, as `datasets/mpi_inf_3dhp` writes them."""
    has_annot3 = len(recording.annot3) > 0
    measured = recording.annot3 if has_annot3 else recording.univ_annot3
    example = clip_example(
        recording.camera,
        convert(measured, "3dhp17"),
        convert(recording.annot2, "3dhp17"),
        subject=recording.subject,
        action=recording.action,
        take="1",
        frame_rate=recording.frame_rate,
        pose_3d_univ=convert(recording.univ_annot3, "3dhp17"),
        annot2=recording.annot2,
        annot3=recording.annot3,
        univ_annot3=recording.univ_annot3,
    )
    return {
        **example,
        "scene": recording.scene,
        "pose_3d_source": "annot3" if has_annot3 else "univ_annot3",
        "frame_numbers": recording.frame_numbers.astype(np.int32),
        "activity": recording.activity.astype(np.int32),
    }

"""Lifting of a batch of people by one compiled program."""

import copy
import dataclasses
import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from keras import ops

from propose_keras import backend, random
from propose_keras.data.infilling import Infilling
from propose_keras.inference.bones import stature
from propose_keras.inference.model_camera import to_model_camera
from propose_keras.inference.placement import camera_of, place
from propose_keras.inference.results import LiftedPoses, numbers_or_names
from propose_keras.inference.trajectories import grid_of, smooth_normal, track_seed
from propose_keras.inference.uncertain import draw_noise, lift_uncertain
from propose_keras.keypoint_files import PersonKeypoints
from propose_keras.pose_model import NoiseModel
from propose_keras.skeletons import H36M_17, convert_detections


class Row(NamedTuple):
    """A person who waits to be lifted."""

    place: int  # Of the person in the source.
    person: PersonKeypoints
    keypoints: np.ndarray  # (17, 2) pixels, in the model's order.
    scores: np.ndarray  # (17,)
    image_size: tuple[float, float]


class BatchLifter:
    """Lifts up to so many people at a time; smaller batches are padded.

    Args:
        model: A `ProPose` or another `NoiseModel` of 17 joints.
        infilling: What fills in missing joints.
        num_hypotheses: S.
        seed: Of the hypotheses.
        batch_size: People per call of the program.
        correlation_time: See `Lifter`.
        height: See `Lifter`.
    """

    def __init__(
        self,
        model: NoiseModel,
        infilling: Infilling,
        num_hypotheses: int,
        seed: int,
        batch_size: int,
        correlation_time: float,
        height: float | None = None,
    ) -> None:
        self.model: Any = model
        self._infilling = infilling
        self.num_hypotheses = num_hypotheses
        self.seed = seed
        self.batch_size = batch_size
        self.correlation_time = correlation_time
        self.height = height
        self.score_threshold = infilling.score_threshold
        self._compile()

    def _compile(self):
        self._compiled = backend.compile_function(
            self._lift_batch, tuple(self.model.variables)
        )

    def __getstate__(self):
        """The model and the settings; the program is compiled again."""
        return {name: v for name, v in vars(self).items() if name != "_compiled"}

    def __setstate__(self, state):
        vars(self).update(state)
        self._compile()

    def with_seed(self, seed: int) -> "BatchLifter":
        """The same with another seed; shares the compiled program."""
        other = copy.copy(self)
        other.seed = seed
        return other

    def row_of(
        self,
        place: int,
        person: PersonKeypoints,
        image_size: tuple[float, float] | None,
    ) -> Row | None:
        """A person ready to be lifted, or None if too few joints are measured.

        Args:
            place: Of the person in the source.
            person: The person.
            image_size: Width and height in pixels; the person's own where None.
        """
        keypoints, scores = convert_detections(
            person.keypoints, person.scores, person.layout
        )
        if not self._infilling.can_fill(keypoints, scores):
            return None
        size = image_size or person.image_size or (np.nan, np.nan)
        return Row(place, person, keypoints, scores, size)

    def lift_people(
        self,
        people: Sequence[PersonKeypoints],
        image_size: tuple[float, float] | None,
        intrinsics: np.ndarray | None,
    ) -> LiftedPoses:
        """Lifts any number of people; arguments as `row_of` and `__call__`."""
        rows = [self.row_of(i, person, image_size) for i, person in enumerate(people)]
        known = [row for row in rows if row is not None]
        parts = [
            self(known[i : i + self.batch_size], intrinsics)
            for i in range(0, max(len(known), 1), self.batch_size)
        ]
        return dataclasses.replace(
            LiftedPoses.concatenate(parts), num_skipped=len(rows) - len(known)
        )

    def __call__(
        self,
        rows: Sequence[Row],
        intrinsics: np.ndarray | None,
        num_skipped: int = 0,
        said: Sequence[str] = (),
    ) -> LiftedPoses:
        """Lifts people.

        Args:
            rows: Up to `batch_size` of them, or nobody.
            intrinsics: fx, fy, cx, cy of their camera in pixels, or None.
            num_skipped: See `LiftedPoses`.
            said: The `warnings` of `LiftedPoses`.
        """
        used = [min(i, len(rows) - 1) for i in range(self.batch_size)] if rows else []
        count = len(rows)
        padded = [rows[i] for i in used]
        joints = H36M_17.num_joints
        keypoints = np.array([r.keypoints for r in padded]).reshape(-1, joints, 2)
        scores = np.array([r.scores for r in padded], np.float32).reshape(-1, joints)
        infilled = self._infilling(keypoints, scores)
        if rows:
            seen, size, scale = to_model_camera(
                infilled.keypoints,
                np.array([row.image_size for row in padded]),
                intrinsics,
                self.model.normalization,
            )
            lifted = self._compiled(
                ops.convert_to_tensor(seen),
                ops.convert_to_tensor(infilled.factor * scale[:, None, None]),
                ops.convert_to_tensor(size),
                *map(ops.convert_to_tensor, self._noise_of(padded)),
            )
            lifted = {k: ops.convert_to_numpy(v)[:count] for k, v in lifted.items()}
        else:
            lifted = _nothing(self.num_hypotheses)
        placement = place(
            *(lifted["mode"], lifted["hypotheses"], infilled.keypoints[:count]),
            np.where(infilled.missing, 0.0, scores)[:count],
            **camera_of(
                np.array([row.image_size for row in rows]).reshape(-1, 2),
                intrinsics,
                self.model.normalization.focal_length,
            ),
        )
        poses = LiftedPoses(
            frame=np.array([row.person.time for row in rows], np.int64),
            frame_name=[row.person.frame for row in rows],
            person=numbers_or_names([row.person.person for row in rows]),
            keypoints=infilled.keypoints[:count],
            scores=scores[:count],
            sides_exchanged=np.array([r.person.sides_exchanged for r in rows], bool),
            missing=infilled.missing[:count],
            num_skipped=num_skipped,
            warnings=tuple(said),
            **lifted,
            **placement._asdict(),
        )
        return poses if self.height is None else of_height(poses, 1000 * self.height)

    def _noise_of(self, rows):
        """Seeds of the rows' noise and, where it is smooth, the grid of their times."""
        if not self.correlation_time:
            return (np.array([(self.seed, row.place) for row in rows], np.int32),)
        seeds = [track_seed(self.seed, row.person.person) for row in rows]
        times = np.array([row.person.time for row in rows])
        return np.array(seeds, np.int32), *grid_of(times, self.correlation_time)

    def _lift_batch(self, keypoints, factor, image_size, row_seeds, *grid):
        """What is compiled; shapes as in `LiftedPoses`."""
        normal = random.normal
        if grid:
            normal = functools.partial(smooth_normal, points=grid[0], weights=grid[1])
        noise = draw_noise(self.model, row_seeds, self.num_hypotheses, normal)
        return lift_uncertain(self.model, keypoints, factor, image_size, *noise)


def of_height(poses: LiftedPoses, height: float) -> LiftedPoses:
    """Poses, modes and hypotheses, of people of one stature, mm, at its distance."""
    joints = np.concatenate([poses.mode[:, None], poses.hypotheses], axis=1)
    roots = np.concatenate([poses.root[:, None], poses.root_hypotheses], axis=1)
    scale = height / np.maximum(stature(joints), 1e-3)
    return poses.with_poses(joints * scale[..., None, None], roots * scale[..., None])


def _nothing(num_hypotheses):
    joints = H36M_17.num_joints
    return {
        "mode": np.zeros((0, joints, 3), np.float32),
        "hypotheses": np.zeros((0, num_hypotheses, joints, 3), np.float32),
        "mean": np.zeros((0, joints, 3), np.float32),
        "spread": np.zeros((0, joints), np.float32),
        "spread_about_thorax": np.zeros((0, joints), np.float32),
        "mode_latent_log_prob": np.zeros((0,), np.float32),
    }

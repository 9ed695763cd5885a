"""Detections in COCO's order to hypotheses, inside a served program.

What `Lifter` does to one person, row by row: the conversion to the model's joint order,
missing joints and scores. Where a row cannot be lifted the answer says why, so that it
spoils no other client's row of the same batch.
"""

from typing import Any

import numpy as np
from keras import ops

from propose_keras.data.infilling import (
    MIN_JOINTS,
    Infilling,
    default_detector_noise,
)
from propose_keras.inference.model_camera import center_unknown
from propose_keras.inference.uncertain import lift_uncertain
from propose_keras.keypoint_files.image_fractions import LARGEST_FRACTION
from propose_keras.keypoint_files.records import LARGEST_COORDINATE
from propose_keras.skeletons import COCO_17, H36M_17, convert_detections
from propose_keras.types import Tensor


class Coco17Lifting:
    """Lifts rows of COCO's 17 joints with their scores.

    Args:
        model: A `ProPose` of which `is_possible` holds.
        score_threshold: See `Lifter`.
        keypoint_noise: See `Lifter`, mm.

    Attributes:
        problems: What can be wrong with a row, in words; the first is empty.
        score_threshold: As passed.
        keypoint_noise: As passed.
        detector_noise: See `Lifter`, its default for the model.
    """

    def __init__(
        self, model: Any, score_threshold: float, keypoint_noise: float
    ) -> None:
        self._model = model
        self.score_threshold = score_threshold
        self.keypoint_noise = keypoint_noise
        self.detector_noise = default_detector_noise(model.normalization)
        mean_pose = np.asarray(model.normalization.mean_3d)
        self._infilling = Infilling(
            mean_pose,
            score_threshold,
            keypoint_noise,
            self.detector_noise,
        )
        self.problems = (
            "",
            "Scores must lie in 0..1, and missing joints have the score 0.",
            f"Keypoints must be finite and within {LARGEST_COORDINATE:,.0f} pixels "
            "where the score is above 0. Give missing joints the score 0.",
            f"There must be {MIN_JOINTS} joints, of the model's, with scores of at "
            f"least {score_threshold}, and not all in one place.",
            f"Keypoints must be pixels: most lie within {LARGEST_FRACTION:g}, as "
            "fractions of the image do.",
            "image_size must be width and height in pixels, or 0 and 0 where they are "
            "not known.",
            "This model needs image_size, width and height in pixels.",
        )

    @staticmethod
    def is_possible(model: Any) -> bool:
        """Whether a model has the joints that COCO's can be converted to."""
        return model.normalization.skeleton.name == H36M_17.name

    def __call__(
        self,
        keypoints: Tensor,
        scores: Tensor,
        image_size: Tensor,
        noise: Tensor,
        noise_2d: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Lifts a batch.

        Args:
            keypoints: `(batch, 17, 2)` pixels in COCO's order.
            scores: `(batch, 17)` in 0..1.
            image_size: `(batch, 2)` pixels, 0 where not known.
            noise: See `lift_uncertain`.
            noise_2d: See `lift_uncertain`.

        Returns:
            `mode`, `hypotheses`, `mean`, `spread`, `spread_about_thorax`,
            `mode_latent_log_prob` and `missing` of `LiftedPoses`, its `keypoints` as
            `filled_keypoints`; `problem`, `(batch,)` int32, an index into `problems`;
            and `valid`, `(batch,)` bool, whether that is 0. All numbers of other rows
            are NaN.
        """
        unknown = ops.all(image_size == 0, axis=1)
        converted, sure = convert_detections(
            keypoints, scores, COCO_17.name, H36M_17.name, ops
        )
        # In the order of `problems`.
        is_right = (
            *_are_detections(keypoints, scores),
            self._infilling.can_fill(converted, sure, ops),
            ~_are_fractions(keypoints, scores),
            unknown | ops.all((image_size > 0) & (image_size < np.inf), axis=1),
            ~unknown | (self._model.normalization.scale != "image"),
        )
        problem = ops.zeros_like(unknown, "int32")
        for index, right in reversed(list(enumerate(is_right, 1))):
            problem = ops.where(right, problem, index)
        infilled = self._infilling.fill(converted, sure, ops)
        seen, size, scale = center_unknown(infilled.keypoints, image_size, unknown, ops)
        factor = infilled.factor * scale[:, None, None]
        lifted = lift_uncertain(self._model, seen, factor, size, noise, noise_2d)
        lifted["filled_keypoints"] = infilled.keypoints
        valid = problem == 0
        return {
            **{name: _only_where(valid, value) for name, value in lifted.items()},
            "missing": infilled.missing,
            "valid": valid,
            "problem": problem,
        }


def _are_detections(keypoints, scores):
    """Whether scores, then keypoints are in their range; NaN is in none."""
    within = ops.all(ops.abs(keypoints) <= LARGEST_COORDINATE, axis=-1)
    return (
        ops.all((scores >= 0) & (scores <= 1), axis=-1),
        ops.all((scores <= 0) | within, axis=-1),
    )


def _are_fractions(keypoints, scores):
    """As `image_fractions.are_fractions`: most coordinates of joints that are there."""
    there = (scores > 0)[..., None] & ops.any(keypoints != 0, axis=-1, keepdims=True)
    small = ops.abs(keypoints) <= LARGEST_FRACTION
    votes = ops.where(there, ops.where(small, 1, -1), 0)
    return ops.sum(votes, axis=(1, 2)) > 0


def _only_where(valid, value):
    """NaN where a row is not valid."""
    valid = ops.reshape(valid, (-1, *[1] * (len(value.shape) - 1)))
    return ops.where(valid, value, np.nan)

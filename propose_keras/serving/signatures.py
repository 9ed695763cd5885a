"""What a served model can be asked, as pure functions of tensors.

Each output row is a function of the same row of the inputs: a server may put the rows
of several clients into one batch.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

from keras import ops

from propose_keras import metrics
from propose_keras.inference.uncertain import draw_noise
from propose_keras.serving.detections import Coco17Lifting

SPREAD_NUM_HYPOTHESES = 64
"""Hypotheses that `serving_default`'s `spread` is the standard deviation of."""

SPREAD_SEED = (0, 0)
"""Row seed of those hypotheses, the same for all rows."""


@dataclasses.dataclass(frozen=True)
class Input:
    """An input of a signature.

    Attributes:
        shape: Without the leading batch axis, which is free.
        dtype: Name of the type.
    """

    shape: tuple[int, ...]
    dtype: str = "float32"


@dataclasses.dataclass(frozen=True)
class Signature:
    """A named function that a server offers.

    Attributes:
        inputs: Inputs by name.
        function: Takes the inputs as keyword arguments and returns a dict of tensors.
        texts: What outputs of the function stand for that are indices, `(batch,)`
            int32: texts by the output's name.
    """

    inputs: dict[str, Input]
    function: Callable
    texts: dict[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)


def make_signatures(
    model: Any,
    num_hypotheses: int,
    score_threshold: float = 0.3,
    keypoint_noise: float = 50.0,
) -> dict[str, Signature]:
    """The signatures of a model by name; `docs/serving.md` lists them.

    Args:
        model: A `ProPose` model.
        num_hypotheses: S of the signatures `hypotheses` and `coco17`.
        score_threshold: Of `coco17`, see `Lifter`.
        keypoint_noise: Of `coco17`, see `Lifter`.

    Returns:
        Dict from name to `Signature`.
    """

    def lift(keypoints, image_size):
        distribution = model.distribution(keypoints, image_size)
        seed = ops.zeros_like(image_size, dtype="int32") + ops.array(SPREAD_SEED)
        hypotheses = distribution.sample(SPREAD_NUM_HYPOTHESES, seed)
        return {"pose_3d": distribution.mode(), "spread": metrics.spread(hypotheses)}

    def hypotheses(keypoints, image_size, seed):
        distribution = model.distribution(keypoints, image_size)
        poses = distribution.sample(num_hypotheses, seed)
        log_prob = distribution.latent_log_prob(poses)
        return {"hypotheses": poses, "latent_log_prob": log_prob}

    def latent_log_prob(pose_3d, keypoints, image_size):
        log_prob = model.latent_log_prob(keypoints, image_size, pose_3d=pose_3d)
        return {"latent_log_prob": log_prob}

    keypoints = Input((model.num_joints, 2))
    given = {"keypoints": keypoints, "image_size": Input((2,))}
    seed = Input((2,), "int32")
    pose_3d = Input((model.num_joints, 3))
    signatures = {
        "serving_default": Signature(given, lift),
        "hypotheses": Signature({**given, "seed": seed}, hypotheses),
        "latent_log_prob": Signature({"pose_3d": pose_3d, **given}, latent_log_prob),
    }
    if Coco17Lifting.is_possible(model):
        lifting = Coco17Lifting(model, score_threshold, keypoint_noise)

        def coco17(keypoints, scores, image_size, seed):
            noise = draw_noise(model, seed, num_hypotheses)
            return lifting(keypoints, scores, image_size, *noise)

        signatures["coco17"] = Signature(
            {**given, "scores": Input((model.num_joints,)), "seed": seed},
            coco17,
            {"problem": lifting.problems},
        )
    return signatures


def served_variables(model: Any) -> list[Any]:
    """The variables that the signatures read: all but the discriminator's."""
    parts = (
        model.normalization,
        model.pilgd_learner,
        model.pagd_learner,
        model.flow,
        model.lifter,
    )
    of_parts = [v for part in parts if part is not None for v in part.variables]
    return [model.temperature, *of_parts]

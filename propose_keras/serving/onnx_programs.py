"""What the files of an ONNX export compute, and what they say of themselves."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from propose_keras import metrics, random
from propose_keras.model import ProPose
from propose_keras.serving.detections import Coco17Lifting
from propose_keras.serving.signatures import SPREAD_NUM_HYPOTHESES, SPREAD_SEED
from propose_keras.skeletons import COCO_17
from propose_keras.version import __version__

_NOISE = "none: independent standard normal numbers"
_UNITS = {
    "keypoints": "pixels",
    "image_size": "pixels, width and height",
    "noise": f"{_NOISE}, 0 for the mode",
    "noise_2d": _NOISE,
    "scores": "none: 0..1, 0 for missing joints",
    "pose_3d": "mm, relative to the root joint",
    "mode": "mm, relative to the root joint",
    "mean": "mm, relative to the root joint",
    "spread": "mm, standard deviation of each joint",
    "spread_about_thorax": "mm, the same relative to the thorax",
    "hypotheses": "mm, relative to the root joint",
    "latent_log_prob": "nats",
    "mode_latent_log_prob": "nats",
    "filled_keypoints": "pixels",
    "missing": "bool",
    "valid": "bool",
    "problem": "none: index into problems",
}


@dataclasses.dataclass(frozen=True)
class OnnxProgram:
    """What becomes one file.

    Attributes:
        inputs: Shapes by name; free axes have a name.
        outputs: As `inputs`.
        function: Takes the inputs as keyword arguments and returns a dict of tensors.
        notes: Metadata of this file, values for JSON.
    """

    inputs: dict[str, tuple]
    outputs: dict[str, tuple]
    function: Callable
    notes: dict[str, Any] = dataclasses.field(default_factory=dict)


def make_programs(
    model: ProPose, score_threshold: float, keypoint_noise: float
) -> dict[str, OnnxProgram]:
    """The programs by file name.

    Args:
        model: A `ProPose` model.
        score_threshold: Of `coco17.onnx`, see `Lifter`.
        keypoint_noise: Of `coco17.onnx`, see `Lifter`.
    """
    programs = {"lift.onnx": _lift(model), "hypotheses.onnx": _hypotheses(model)}
    if Coco17Lifting.is_possible(model):
        lifting = Coco17Lifting(model, score_threshold, keypoint_noise)
        programs["coco17.onnx"] = _coco17(model, lifting)
    return programs


def _given(model):
    return {"keypoints": ("batch", model.num_joints, 2), "image_size": ("batch", 2)}


def _lift(model):
    seed = np.array([SPREAD_SEED], "int32")
    spread_noise = random.normal(seed, SPREAD_NUM_HYPOTHESES, model.flow.latent_size)
    spread_noise = keras.ops.convert_to_numpy(spread_noise)
    # The mode is the hypothesis without noise: one pass through the networks for all.
    noise = np.concatenate([np.zeros_like(spread_noise[:, :1]), spread_noise], 1)

    def lift(keypoints, image_size):
        distribution = model.distribution(keypoints, image_size)
        poses = distribution.sample_from_noise(noise)
        return {"pose_3d": poses[:, 0], "spread": metrics.spread(poses[:, 1:])}

    joints = model.num_joints
    return OnnxProgram(
        _given(model),
        {"pose_3d": ("batch", joints, 3), "spread": ("batch", joints)},
        lift,
        {"spread_num_hypotheses": SPREAD_NUM_HYPOTHESES},
    )


def _hypotheses(model):
    def hypotheses(keypoints, image_size, noise):
        distribution = model.distribution(keypoints, image_size)
        poses = distribution.sample_from_noise(noise)
        log_prob = distribution.latent_log_prob(poses)
        return {"hypotheses": poses, "latent_log_prob": log_prob}

    free = ("batch", "hypotheses")
    return OnnxProgram(
        {**_given(model), "noise": (*free, model.flow.latent_size)},
        {"hypotheses": (*free, model.num_joints, 3), "latent_log_prob": free},
        hypotheses,
        {"spread_num_hypotheses": SPREAD_NUM_HYPOTHESES},
    )


def _coco17(model, lifting):
    joints, free = ("batch", model.num_joints), ("batch", "hypotheses")
    noise_2d = {"noise_2d": (*free, model.num_joints, 2)}
    if model.normalization.deviation_input:
        noise_2d = {}
    return OnnxProgram(
        {
            **_given(model),
            "scores": joints,
            "noise": (*free, model.flow.latent_size),
            **noise_2d,
        },
        {
            **dict.fromkeys(("mode", "mean"), (*joints, 3)),
            "hypotheses": (*free, model.num_joints, 3),
            **dict.fromkeys(("spread", "spread_about_thorax", "missing"), joints),
            "filled_keypoints": (*joints, 2),
            **dict.fromkeys(("mode_latent_log_prob", "valid", "problem"), ("batch",)),
        },
        lifting,
        {
            "input_joints": COCO_17.joint_names,
            "problems": lifting.problems,
            "score_threshold": lifting.score_threshold,
            "keypoint_noise": lifting.keypoint_noise,
            "detector_noise": lifting.detector_noise,
        },
    )


def metadata(model: ProPose, program: OnnxProgram) -> dict[str, str]:
    """What a file says of itself: JSON by name."""
    skeleton = model.normalization.skeleton
    values = {
        "package": "propose_keras",
        "version": __version__,
        "skeleton": skeleton.name,
        "joints": skeleton.joint_names,
        "root": skeleton.joint_names[skeleton.root],
        "axes": "camera frame: x right, y down, z forward",
        "units": {k: _UNITS[k] for k in (*program.inputs, *program.outputs)},
        "latent_size": model.flow.latent_size,
        "temperature": float(np.asarray(model.temperature)),
        **program.notes,
    }
    return {name: json.dumps(value) for name, value in values.items()}

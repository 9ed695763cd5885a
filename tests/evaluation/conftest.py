import keras
import numpy as np
import pytest
from keras import ops

from propose_keras import random
from propose_keras.data import Clip, PoseArrays
from propose_keras.evaluation.report import (
    CalibrationCurve,
    ErrorCurve,
    ErrorsOverHypotheses,
    HypothesisMeasures,
    ModeMeasures,
    PoseError,
    Report,
    Result,
    SinglePoses,
)


class GuessingModel(keras.Model):
    """Lifts by placing joints at their pixels, with noise that grows with depth.

    It has the methods of `ProPose` that evaluation uses, costs nothing, and its poses
    can be recomputed in NumPy.
    """

    system_name = "Guess"
    is_probabilistic = True
    has_latent_density = True
    num_joints = 17

    def __init__(self, noise=60.0):
        super().__init__()
        self.noise = self.add_weight(name="noise", initializer="zeros", shape=())
        self.noise.assign(noise)
        self.built = True

    def mode(self, keypoints, image_size=None):
        scale = 2000.0 / image_size[:, None, :1]
        xy = (keypoints - keypoints[:, :1]) * scale
        return ops.concatenate([xy, 0.3 * xy[..., 1:]], axis=-1)

    def sample(
        self,
        keypoints,
        image_size=None,
        *,
        num_hypotheses,
        seed,
        first_hypothesis=0,
        temperature=1.0,
    ):
        seeds = random.row_seeds(seed, keypoints.shape[0])
        noise = random.normal(seeds, num_hypotheses, 51, first_hypothesis)
        noise = ops.reshape(temperature * noise, (-1, num_hypotheses, 17, 3))
        noise = noise - noise[:, :, :1]
        return self.mode(keypoints, image_size)[:, None] + self.noise * noise

    @property
    def temperature(self):
        return 1.0

    def latent_log_prob(self, keypoints, image_size=None, *, pose_3d):
        return -ops.mean(ops.square(keypoints), axis=(1, 2)) / 1e4


@pytest.fixture(scope="session")
def model():
    return GuessingModel()


def _make_clip(subject, action, take="1", camera="c0", num_frames=25):
    return Clip(
        subject=subject,
        action=action,
        take=take,
        camera=camera,
        frame_rate=50.0,
        image_size=(1000, 1002),
        intrinsics=np.array([1100.0, 1100.0, 500.0, 500.0]),
        distortion=np.zeros(5),
        rotation=np.eye(3),
        translation=np.zeros(3),
        num_frames=num_frames,
    )


def _make_arrays(clips, seed=0):
    rng = np.random.default_rng(seed)
    lengths = [clip.num_frames for clip in clips]
    num_rows = sum(lengths)
    pose = rng.normal(size=(num_rows, 17, 3)) * [150, 350, 120]
    pose += [0, 0, 5000] + rng.normal(size=(num_rows, 1, 3)) * 300
    keypoints = pose[..., :2] / pose[..., 2:] * 1100 + 500
    return PoseArrays(
        keypoints_2d=keypoints.astype(np.float32),
        pose_3d=pose.astype(np.float32),
        clips=clips,
        clip_index=np.repeat(np.arange(len(clips)), lengths).astype(np.int32),
        frame_index=np.concatenate([np.arange(n) for n in lengths]).astype(np.int32),
    )


@pytest.fixture
def report():
    """A report of a probabilistic model, made by hand."""

    def result(base):
        actions = {"Walking": base, "Directions": base + 5, "Sports": base + 9}
        return Result(
            mpjpe=base + 4.0,
            pa_mpjpe=base,
            per_action={a: PoseError(e, e - 10) for a, e in actions.items()},
        )

    error = PoseError(mpjpe=55.0, pa_mpjpe=45.0)
    return Report(
        protocol="h36m",
        protocol_description="17 joints",
        ground_truth="camera frame",
        dataset="human36m/gt",
        split="test",
        num_poses=100,
        num_excluded=0,
        frame_stride=64,
        seed=0,
        backend="jax",
        results={"mode": result(60.0), "1": result(70.0), "200": result(40.0)},
        mode=ModeMeasures(n_mpjpe=58.0, symmetry=5.0, consistency_2d=0.02),
        error_by_joint={"Hip": 0.0, "RHip": 10.0, "RWrist": 120.0},
        seconds=1.0,
        hypotheses=HypothesisMeasures(
            ece=0.12,
            num_hypotheses=200,
            calibration=CalibrationCurve((0, 0.5, 1), (0, 0.4, 0.9)),
            spread=50.0,
            symmetry=6.0,
            consistency_2d=0.03,
            single=SinglePoses(mean_pose=error, top_k=error),
            over_hypotheses=ErrorsOverHypotheses(error, error, error),
            error_by_num_hypotheses=ErrorCurve(
                num_hypotheses=(1, 10, 200),
                mpjpe=(70.0, 50.0, 40.0),
                pa_mpjpe=(50.0, 40.0, 30.0),
            ),
            hypotheses_per_second=1e4,
        ),
    )


@pytest.fixture(scope="session")
def make_clip():
    return _make_clip


@pytest.fixture(scope="session")
def make_arrays():
    """Random upright figures in front of the camera, a clip each."""
    return _make_arrays


def make_three_actions():
    """Clips of three actions that differ in length."""
    clips = [
        _make_clip(subject, action, num_frames=10 + 4 * i)
        for i, action in enumerate(("Directions", "Eating", "Walking"))
        for subject in ("S9", "S11")
    ]
    return _make_arrays(clips)


@pytest.fixture(scope="session")
def arrays():
    return make_three_actions()

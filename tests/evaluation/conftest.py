import keras
import numpy as np
import pytest
from keras import ops

from propose_keras import random
from propose_keras.data import Clip, PoseArrays


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
        noise = random.normal(seed, num_hypotheses, 51, first_hypothesis)
        noise = ops.reshape(temperature * noise, (-1, num_hypotheses, 17, 3))
        noise = noise - noise[:, :, :1]
        return self.mode(keypoints, image_size)[:, None] + self.noise * noise

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

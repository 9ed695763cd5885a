import numpy as np
import pytest

from propose_keras import ProPose
from propose_keras.skeletons import H36M_17

# A standing person, hip at 0, x right and y down, mm.
STANDING = {
    **{"RHip": (-130, 0), "RKnee": (-150, 420), "RFoot": (-160, 840)},
    **{"LHip": (130, 0), "LKnee": (150, 420), "LFoot": (160, 840)},
    **{"Spine": (0, -240), "Thorax": (0, -490), "Nose": (0, -580), "Head": (0, -700)},
    **{"LShoulder": (150, -450), "LElbow": (230, -190), "LWrist": (240, 60)},
    **{"RShoulder": (-150, -450), "RElbow": (-230, -190), "RWrist": (-240, 60)},
}


@pytest.fixture(scope="session")
def standing():
    """`(17, 3)` mm."""
    rows = [(*STANDING.get(name, (0, 0)), 0) for name in H36M_17.joint_names]
    return np.array(rows, float)


def tiny_model(standing, **kwargs):
    """A model with random weights that knows the scale of people."""
    sizes = {"latent_size": 4, "width": 8, "num_blocks": 0, "num_couplings": 1}
    model = ProPose.from_sizes(**sizes, **kwargs)
    rng = np.random.default_rng(1)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(size=variable.shape) * 0.3)
    poses = standing + 80 * rng.normal(size=(50, 17, 3))
    pixels = 500 + 0.3 * poses[..., :2]
    model.normalization.adapt(pixels, (1000, 1000), poses)
    return model


@pytest.fixture(scope="session")
def model(standing):
    return tiny_model(standing, temperature=1.3)


@pytest.fixture(scope="session")
def keypoints(standing):
    """`(7, 17, 2)` pixels in the order h36m17."""
    rng = np.random.default_rng(2)
    poses = standing[:, :2] + 60 * rng.normal(size=(7, 17, 2))
    return (500 + 0.3 * poses).astype("float32")

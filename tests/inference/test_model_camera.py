import numpy as np
import pytest

from propose_keras import Lifter, PoseNormalization
from propose_keras.inference.model_camera import check_intrinsics, to_model_camera

INTRINSICS = (1400.0, 1500.0, 700.0, 400.0)


def seen(poses, intrinsics):
    fx, fy, cx, cy = intrinsics
    return poses[..., :2] / poses[..., 2:] * [fx, fy] + [cx, cy]


@pytest.fixture(scope="module")
def poses(standing):
    """Camera-frame positions `(5, 17, 3)` mm, aside of the middle."""
    rng = np.random.default_rng(4)
    return standing + 60 * rng.normal(size=(5, 17, 3)) + [900, -300, 4000]


@pytest.fixture(scope="module")
def lifter(make_model):
    normalization = PoseNormalization(scale="pose", root="ray", name="normalization")
    model = make_model(normalization=normalization)
    return Lifter(model, num_hypotheses=3, batch_size=5)


@pytest.mark.parametrize(("scale", "root"), [("image", "keep"), ("pose", "ray")])
def test_known_cameras_see_as_the_models_own(make_model, poses, scale, root):
    normalization = PoseNormalization(scale=scale, root=root, name="normalization")
    model = make_model(normalization=normalization)
    lifter = Lifter(model, num_hypotheses=3, batch_size=5)
    own = seen(poses, (1150.0, 1150.0, 500.0, 500.0))
    expected = lifter(own, "h36m17", (1000, 1000))
    theirs = seen(poses, INTRINSICS)
    found = lifter(theirs, "h36m17", intrinsics=INTRINSICS)
    np.testing.assert_allclose(found.mode, expected.mode, atol=0.5)
    np.testing.assert_allclose(found.hypotheses, expected.hypotheses, atol=0.5)
    np.testing.assert_allclose(found.keypoints, theirs, rtol=1e-5)
    matrix = [[1400, 0, 700], [0, 1500, 400], [0, 0, 1]]
    same = lifter(theirs, "h36m17", (1400, 900), matrix)
    np.testing.assert_array_equal(same.mode, found.mode)


def test_uncertainty_of_keypoints_grows_with_the_image(make_model, poses):
    """The same detections at twice the resolution are as uncertain."""
    lifter = Lifter(make_model(), num_hypotheses=50, batch_size=5)
    scores = np.full((5, 17, 1), 0.5)

    def lift(factor):
        intrinsics = np.array(INTRINSICS) * factor
        keypoints = np.concatenate([seen(poses, intrinsics), scores], axis=-1)
        return lifter(keypoints, "h36m17", intrinsics=intrinsics)

    np.testing.assert_allclose(lift(1).spread, lift(2).spread, rtol=0.01, atol=0.5)


def test_without_a_size_the_hip_is_the_middle(lifter, poses):
    keypoints = seen(poses, INTRINSICS)
    found = lifter(keypoints, "h36m17")
    centred = keypoints - keypoints[:, :1] + 20_000
    expected = lifter(centred, "h36m17", (40_000, 40_000))
    np.testing.assert_allclose(found.mode, expected.mode, atol=2)
    aside = lifter(keypoints, "h36m17", (1400, 900))
    assert np.abs(found.mode - aside.mode).max() > 5


def test_without_a_size_resolution_does_not_matter(lifter, poses):
    keypoints = seen(poses, INTRINSICS)
    scores = np.full((5, 17, 1), 0.6)
    coarse, fine = (
        lifter(np.concatenate([factor * keypoints, scores], axis=-1), "h36m17")
        for factor in (1, 4)
    )
    np.testing.assert_allclose(coarse.mode, fine.mode, atol=0.5)
    np.testing.assert_allclose(coarse.spread, fine.spread, rtol=0.01, atol=0.5)


def test_only_unknown_sizes_are_replaced(poses):
    normalization = PoseNormalization(scale="pose", root="ray")
    keypoints = seen(poses, INTRINSICS)
    sizes = np.array([[1400, 900], [np.nan, np.nan]] + [[1400, 900]] * 3)
    moved, size, scale = to_model_camera(keypoints, sizes, None, normalization)
    np.testing.assert_allclose(moved[[0, 2, 3, 4]], keypoints[[0, 2, 3, 4]], rtol=1e-6)
    np.testing.assert_allclose(moved[1, 0], 500)
    np.testing.assert_array_equal(size[[0, 1]], [[1400, 900], [1000, 1000]])
    np.testing.assert_array_equal(scale[[0, 2, 3, 4]], 1)
    extent = [
        np.sqrt(np.mean(np.sum((k - k[:1]) ** 2, -1))) for k in (keypoints[1], moved[1])
    ]
    assert scale[1] == pytest.approx(extent[1] / extent[0], rel=1e-4)


def test_models_of_screen_coordinates_ask_for_the_size(make_model, poses):
    lifter = Lifter(make_model(), num_hypotheses=3)
    with pytest.raises(ValueError, match="pass `image_size`"):
        lifter(seen(poses, INTRINSICS), "h36m17")


@pytest.mark.parametrize(
    "intrinsics",
    [(1000, 1000), (0, 1000, 500, 500), (np.nan, 1, 1, 1), np.eye(4), "1000"],
)
def test_wrong_intrinsics_are_told(intrinsics):
    with pytest.raises(ValueError, match="intrinsics"):
        check_intrinsics(intrinsics)

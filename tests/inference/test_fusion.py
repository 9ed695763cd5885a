"""Views of known cameras give one pose: against Gaussians, and lifted."""

import dataclasses

import numpy as np
import pytest
from test_smoothing import lift

from propose_keras import Lifter
from propose_keras.inference.fusion import COMMON_SHARE, View, fuse

FRONT = np.eye(3)
SIDE = np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])
POSITIONS = np.array([0, 0, -4000.0]), np.array([4000.0, 0, 0])
COUNT = 60


def seen(truth, rotation, position, seed):
    """What a lifter might make of a view: sure across, unsure along its sight."""
    rng = np.random.default_rng(seed)
    _, like = lift(np.zeros((17, 3)), np.arange(COUNT), num_hypotheses=400)
    deviation = [10, 10, 80]
    relative = (truth - truth[:, :1]) @ rotation.T
    mode = relative + rng.normal(size=relative.shape) * deviation
    hypotheses = mode[:, None] + rng.normal(size=(COUNT, 400, 17, 3)) * deviation
    root = (truth[:, 0] - position) @ rotation.T
    root = root + rng.normal(size=root.shape) * [10, 10, 200]
    roots = root[:, None] + rng.normal(size=(COUNT, 400, 3)) * [10, 10, 200]
    hypotheses[:, :, 0] = mode[:, 0] = 0
    return dataclasses.replace(
        like,
        mode=mode.astype(np.float32),
        hypotheses=hypotheses.astype(np.float32),
        root=root.astype(np.float32),
        root_hypotheses=roots.astype(np.float32),
        root_covariance=np.tile(np.diag([100.0, 100, 40000]), (COUNT, 1, 1)),
    )


@pytest.fixture(scope="module")
def truth(standing):
    """`(60, 17, 3)` mm in the world."""
    rng = np.random.default_rng(3)
    return standing + rng.normal(0, 100, (COUNT, 17, 3)) + [200, 0, 100]


@pytest.fixture(scope="module")
def views(truth):
    turns = FRONT, SIDE
    return [seen(truth, *view) for view in zip(turns, POSITIONS, (0, 1))]


def test_each_axis_is_that_of_the_view_that_sees_it(views, truth):
    found = fuse(views, [FRONT, SIDE], POSITIONS)
    relative = truth - truth[:, :1]
    errors = (found.mode - relative)[:, 1:]
    # Along x the front is sure, along z the side, along y both.
    expected = np.array([10 * 80 / np.hypot(10, 80), 10 / np.sqrt(2), 0])
    expected[2] = expected[0]
    np.testing.assert_allclose(errors.std(axis=(0, 1)), expected, rtol=0.1)
    where = (found.root - truth[:, 0]).std(axis=0)
    np.testing.assert_allclose(where, [10, 10 / np.sqrt(2), 10], rtol=0.35)


def test_hypotheses_have_the_products_covariance_and_what_views_share(views):
    found = fuse(views, [FRONT, SIDE], POSITIONS)
    across = 1 / (1 / 10**2 + 1 / 80**2)
    expected = (1 + COMMON_SHARE) * np.array([across, 50, across])
    deviations = found.hypotheses - found.mode[:, None]
    variance = np.mean(deviations[:, :, 1:] ** 2, axis=(0, 1, 2))
    np.testing.assert_allclose(variance, expected, rtol=0.1)
    np.testing.assert_allclose(
        found.root_covariance[0],
        (1 + COMMON_SHARE) * np.diag([1 / (1 / 100 + 1 / 40000), 50, 99.75]),
        rtol=1e-3,
        atol=1e-3,
    )


def test_frames_that_a_view_lacks_are_left_out(views):
    found = fuse([views[0], views[1].subset([7, 3, 4])], [FRONT, SIDE], POSITIONS)
    assert found.frame.tolist() == [3, 4, 7]
    whole = fuse(views, [FRONT, SIDE], POSITIONS)
    np.testing.assert_allclose(found.mode, whole.mode[[3, 4, 7]], atol=1e-3)


def test_mistakes_are_named(views):
    with pytest.raises(ValueError, match="at least two views"):
        fuse(views[:1], [FRONT], POSITIONS[:1])
    with pytest.raises(ValueError, match="at least two views"):
        fuse(views, [FRONT], POSITIONS)
    later = dataclasses.replace(views[1], frame=views[1].frame + 1000)
    with pytest.raises(ValueError, match="No frame and person is in all views"):
        fuse([views[0], later], [FRONT, SIDE], POSITIONS)


def test_a_lifter_fuses_what_cameras_saw(model, keypoints):
    intrinsics = 1100.0, 1100.0, 500.0, 500.0
    lifter = Lifter(model, num_hypotheses=12, batch_size=4)
    views = [
        View(keypoints, turn, position, intrinsics)
        for turn, position in zip((FRONT, SIDE), POSITIONS)
    ]
    found = lifter.fuse(views, "h36m17")
    assert found.hypotheses.shape == (7, 12, 17, 3)
    assert not found.mode[:, 0].any()
    alone = [
        Lifter(model, num_hypotheses=12, batch_size=4, seed=seed)(
            keypoints, "h36m17", None, intrinsics
        )
        for seed in (0, 1)
    ]
    expected = fuse(alone, [FRONT, SIDE], POSITIONS)
    np.testing.assert_allclose(found.mode, expected.mode, atol=0.1)
    np.testing.assert_allclose(found.hypotheses, expected.hypotheses, atol=0.5)
    smooth = Lifter(model, num_hypotheses=12, batch_size=4, smooth=True)
    steps = (
        np.abs(np.diff(p.mode, axis=0)).mean()
        for p in (found, smooth.fuse(views, "h36m17"))
    )
    assert next(steps) > next(steps)

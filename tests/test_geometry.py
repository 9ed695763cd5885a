import numpy as np
import pytest

from propose_keras import backend
from propose_keras.geometry import root_centre, similarity_align

NUM_POSES = 500
TOLERANCE = 0.01  # mm


def align_reference(source, target):
    """Umeyama's alignment by SVD in float64, proper rotation, with scale."""
    source, target = np.float64(source), np.float64(target)
    mean = target.mean(-2, keepdims=True)
    x, y = source - source.mean(-2, keepdims=True), target - mean
    u, s, vt = np.linalg.svd(np.swapaxes(x, -1, -2) @ y)
    sign = np.linalg.det(u) * np.linalg.det(vt)
    s[..., 2] *= sign
    vt[..., 2, :] *= sign[..., None]
    norm = np.sum(x**2, axis=(-1, -2))
    scale = np.where(norm > 0, s.sum(-1), 0) / np.where(norm > 0, norm, 1)
    return scale[..., None, None] * (x @ u @ vt) + mean


def mean_error(a, b):
    return np.linalg.norm(np.float64(a) - np.float64(b), axis=-1).mean(-1)


def poses(rng, kind):
    shape = (NUM_POSES, 17, 3)
    target = rng.normal(size=shape) * 200
    noise = rng.normal(size=shape)
    line = rng.normal(size=(NUM_POSES, 17, 1)) * [90, 150, 240]
    source = {
        "ordinary": target + 60 * noise,
        "unrelated": 200 * noise,
        "half_turn": target * [-1, -1, 1] + 30 * noise,
        "mirrored": target * [-1, 1, 1],
        "nearly_mirrored": target * [-1, 1, 1] + 5 * noise,
        "identical": target,
        "flat": target * [1, 1, 0],
        "line": line,
        "near_line": line + 0.1 * noise,
        "both_near_line": line + 1.0 * noise,
        "both_nearer_line": line + 0.01 * noise,
        "tiny": (target + 60 * noise) * 1e-5,
        "huge": (target + 60 * noise) * 1e5,
        "one_point": np.full(shape, 123.4),
    }[kind]
    if kind.startswith("both"):
        width = 1.0 if kind == "both_near_line" else 0.01
        target = line + width * rng.normal(size=shape)
    target = target + 1000 * rng.normal(size=(NUM_POSES, 1, 3))
    return np.float32(source), np.float32(target)


KINDS = [
    "ordinary",
    "unrelated",
    "half_turn",
    "mirrored",
    "nearly_mirrored",
    "identical",
    "flat",
    "line",
    "near_line",
    "both_near_line",
    "both_nearer_line",
    "tiny",
    "huge",
    "one_point",
]


@pytest.fixture(scope="module")
def compiled_align():
    return backend.compile_function(similarity_align)


@pytest.mark.parametrize("kind", KINDS)
def test_error_after_alignment_is_the_svds(rng, compiled_align, kind):
    source, target = poses(rng, kind)
    aligned = np.asarray(compiled_align(source, target))
    expected = mean_error(align_reference(source, target), target)
    np.testing.assert_allclose(mean_error(aligned, target), expected, atol=TOLERANCE)


@pytest.mark.parametrize("kind", ["ordinary", "half_turn", "flat", "identical"])
def test_aligned_joints_are_the_svds(rng, compiled_align, kind):
    source, target = poses(rng, kind)
    aligned = np.asarray(compiled_align(source, target))
    np.testing.assert_allclose(
        aligned, align_reference(source, target), atol=TOLERANCE, rtol=0
    )


def test_one_point_as_target_takes_everything_there(compiled_align, rng):
    source, target = poses(rng, "ordinary")
    aligned = np.asarray(compiled_align(source, np.full_like(target, 50.0)))
    np.testing.assert_allclose(aligned, 50.0, atol=1e-3)


def test_mirror_image_is_not_undone(rng):
    source, target = poses(rng, "mirrored")
    assert mean_error(similarity_align(source, target), target).min() > 50


def test_hypotheses_broadcast_against_one_target(rng):
    source, target = poses(rng, "ordinary")
    hypotheses = source.reshape(100, 5, 17, 3)
    aligned = np.asarray(similarity_align(hypotheses, target[:100, None]))
    assert aligned.shape == hypotheses.shape
    expected = align_reference(hypotheses, target[:100, None])
    np.testing.assert_allclose(aligned, expected, atol=TOLERANCE, rtol=0)


def test_root_centre_makes_the_root_exactly_zero(rng):
    pose = np.float32(rng.normal(size=(2, 4, 17, 3)) * 1000)
    centred = np.asarray(root_centre(pose, root=8))
    assert (centred[..., 8, :] == 0).all()
    np.testing.assert_allclose(centred, pose - pose[..., 8:9, :])

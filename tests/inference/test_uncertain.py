"""What a program does with detections is what NumPy does."""

import numpy as np
import pytest
from keras import ops

from propose_keras import backend
from propose_keras.data.infilling import Infilling
from propose_keras.inference.model_camera import center_unknown
from propose_keras.skeletons import convert_detections

COUNT = 300


@pytest.fixture(scope="module")
def detections(standing):
    """COCO's joints of people with any joints missing, some with nearly all."""
    rng = np.random.default_rng(0)
    keypoints = (
        rng.uniform(0, 2000, (COUNT, 1, 2)) + rng.normal(size=(COUNT, 17, 2)) * 90
    )
    scores = rng.random((COUNT, 17))
    scores[rng.random((COUNT, 17)) < rng.random((COUNT, 1))] = 0.0
    return keypoints.astype("float32"), scores.astype("float32")


def run_in_program(function, *arrays):
    """Results of a compiled function of tensors as arrays."""
    compiled = backend.compile_function(lambda *tensors: function(*tensors))
    results = compiled(*map(ops.convert_to_tensor, arrays))
    return tuple(map(ops.convert_to_numpy, results))


def test_conversion(detections):
    expected = convert_detections(*detections, "coco17")
    found = run_in_program(
        lambda *given: convert_detections(*given, "coco17", xp=ops), *detections
    )
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-6)
    np.testing.assert_array_equal(found[1], expected[1])


def test_infilling(detections, standing):
    keypoints, scores = convert_detections(*detections, "coco17")
    infilling = Infilling(standing)

    def fill(keypoints, scores):
        filled = infilling.fill(keypoints, scores, ops)
        fillable = infilling.can_fill(keypoints, scores, ops)
        return filled.keypoints, filled.factor, filled.missing, fillable

    *found, fillable = run_in_program(fill, keypoints, scores)
    np.testing.assert_array_equal(fillable, infilling.can_fill(keypoints, scores))
    assert 0.3 < fillable.mean() < 0.9
    expected = infilling(keypoints[fillable], scores[fillable])
    assert len(np.unique(expected.missing, axis=0)) > 50
    np.testing.assert_allclose(found[0][fillable], expected.keypoints, atol=5e-3)
    np.testing.assert_allclose(
        found[1][fillable], expected.factor, atol=5e-3, rtol=1e-4
    )
    np.testing.assert_array_equal(found[2][fillable], expected.missing)


def test_unknown_images(detections):
    keypoints = detections[0]
    size = np.tile(np.float32([1920, 1080]), (COUNT, 1))
    unknown = np.arange(COUNT) % 3 == 0
    expected = center_unknown(keypoints, size, unknown)
    found = run_in_program(
        lambda *given: center_unknown(*given, ops), keypoints, size, unknown
    )
    for one, other in zip(found, expected):
        np.testing.assert_allclose(one, other, rtol=1e-5)

"""Requests of wrong shapes and types get an answer that says so."""

import pytest
import tensorflow as tf

SIGNATURES = ("serving_default", "hypotheses", "latent_log_prob", "coco17")
WRONG = [
    ("serving_default", "keypoints", (3, 18, 2)),
    ("serving_default", "keypoints", (3, 1, 2)),
    ("serving_default", "keypoints", (3, 17, 3)),
    ("serving_default", "keypoints", (17, 2)),
    ("serving_default", "image_size", (2,)),
    ("hypotheses", "seed", ()),
    ("latent_log_prob", "pose_3d", (3, 17, 2)),
    ("coco17", "keypoints", (3, 133, 2)),
    ("coco17", "scores", (3, 17, 1)),
]


def tensors_of(signature):
    """Three right rows of a signature's inputs by name."""
    _, specs = signature.structured_input_signature
    return {k: tf.ones((3, *v.shape[1:]), v.dtype) for k, v in specs.items()}


@pytest.fixture(scope="module", params=["tensorflow", "jax"])
def signatures(request, exported):
    return tf.saved_model.load(str(exported[request.param])).signatures


def test_wrong_shapes_are_named(signatures):
    for signature, name, shape in WRONG:
        inputs = tensors_of(signatures[signature])
        right = inputs[name]
        inputs[name] = tf.ones(shape, right.dtype)
        expected = ", ".join(map(str, right.shape[1:]))
        received = ", ".join(map(str, shape))
        message = rf"`{name}`: expected shape \(batch, {expected}\).* \[{received}\]"
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            signatures[signature](**inputs)


def test_different_numbers_of_rows_are_told(signatures):
    for signature in SIGNATURES:
        right = tensors_of(signatures[signature])
        for name in right:
            inputs = {**right, name: right[name][:1]}
            message = f"Expected as many rows of {', '.join(sorted(right))}"
            with pytest.raises(tf.errors.InvalidArgumentError, match=message):
                signatures[signature](**inputs)


def test_empty_batches_lift_nobody_or_are_told(signatures):
    for signature in SIGNATURES:
        inputs = {k: v[:0] for k, v in tensors_of(signatures[signature]).items()}
        try:
            answer = signatures[signature](**inputs)
        except tf.errors.InvalidArgumentError as error:
            assert "at least 1; received" in str(error)
        else:
            assert all(value.shape[0] == 0 for value in answer.values())


def test_wrong_types_are_told(signatures):
    inputs = tensors_of(signatures["coco17"])
    inputs["scores"] = tf.cast(inputs["scores"], "float64")
    # By their place in the order of their names.
    message = "input #2.* was expected to be a float tensor but is a double tensor"
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        signatures["coco17"](**inputs)

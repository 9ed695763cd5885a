"""Requests that a server sends itself before it takes a version into service."""

import pathlib
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import model_pb2, predict_pb2, prediction_log_pb2

from propose_keras.serving.server_files import BATCH_SIZES, MODEL_NAME


def write_warmup_requests(folder: pathlib.Path, signatures: dict[str, Any]) -> None:
    """Writes `assets.extra/tf_serving_warmup_requests` into a version folder.

    A TFRecord file of `PredictionLog` messages (TensorFlow Serving's SavedModel
    Warmup): a request of every signature at every batch size that batching lets
    through, so that nothing is left to be compiled by a client's request.

    Args:
        folder: `pathlib.Path` of a SavedModel.
        signatures: Dict from name to `Signature`.
    """
    path = folder / "assets.extra" / "tf_serving_warmup_requests"
    path.parent.mkdir()
    with tf.io.TFRecordWriter(str(path)) as writer:
        for name, signature in signatures.items():
            for batch_size in BATCH_SIZES:
                log = _prediction_log(name, signature, batch_size)
                writer.write(log.SerializeToString())


def _prediction_log(name, signature, batch_size):
    values = example_inputs(signature, batch_size)
    request = predict_pb2.PredictRequest(
        model_spec=model_pb2.ModelSpec(name=MODEL_NAME, signature_name=name),
        inputs={k: tf.make_tensor_proto(v) for k, v in values.items()},
    )
    return prediction_log_pb2.PredictionLog(
        predict_log=prediction_log_pb2.PredictLog(request=request)
    )


def example_inputs(signature: Any, batch_size: int) -> dict[str, Any]:
    """Inputs of a signature by name: random numbers in their usual range."""
    rng = np.random.default_rng(0)
    values = {
        "keypoints": lambda shape: rng.uniform(0.0, 1000.0, shape),
        "image_size": lambda shape: np.full(shape, 1000.0),
        "pose_3d": lambda shape: rng.normal(0.0, 300.0, shape),
        "scores": lambda shape: rng.uniform(0.5, 1.0, shape),
        "seed": lambda shape: rng.integers(0, 2**31, shape),
    }
    return {
        name: values[name]((batch_size, *value.shape)).astype(value.dtype)
        for name, value in signature.inputs.items()
    }

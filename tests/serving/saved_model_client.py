"""A client that has TensorFlow only: run by a test.

Usage: python saved_model_client.py REQUESTS.npz [SAVED_MODEL RESPONSES.npz]...

Requests and responses are arrays by `CASE.SIGNATURE.NAME`.
"""

import collections
import sys

# Importing any of these raises ImportError from here on.
for module in ("keras", "tf_keras", "tensorflow_probability", "propose_keras", "jax"):
    sys.modules[module] = None

import numpy as np
import tensorflow as tf


def main(requests, *folders_and_responses):
    calls = collections.defaultdict(dict)
    for key, value in np.load(requests).items():
        case, signature, name = key.split(".")
        calls[case, signature][name] = tf.constant(value)
    pairs = iter(folders_and_responses)
    for folder, responses in zip(pairs, pairs):
        signatures = tf.saved_model.load(folder).signatures
        np.savez(
            responses,
            **{
                f"{case}.{signature}.{name}": to_array(value)
                for (case, signature), inputs in calls.items()
                for name, value in signatures[signature](**inputs).items()
            },
        )


def to_array(tensor):
    """Numbers or text."""
    value = tensor.numpy()
    return np.char.decode(value.astype("S")) if value.dtype == object else value


if __name__ == "__main__":
    main(*sys.argv[1:])

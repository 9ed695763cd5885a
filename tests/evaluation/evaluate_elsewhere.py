"""Evaluates the stub on its clips and writes the figures: run by a test.

Usage: KERAS_BACKEND=... python evaluate_elsewhere.py OUTPUT.npz NUM_DEVICES
"""

import importlib.util
import pathlib
import sys

import keras
import numpy as np

from propose_keras.evaluation.evaluator import Evaluator
from propose_keras.evaluation.protocols import get_protocol


def main(output, num_devices):
    devices = keras.distribution.list_devices()
    assert len(devices) == num_devices, devices
    if num_devices > 1:
        keras.distribution.set_distribution(keras.distribution.DataParallel())
    path = pathlib.Path(__file__).with_name("conftest.py")
    spec = importlib.util.spec_from_file_location("evaluation_conftest", path)
    helpers = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(helpers)
    # An odd batch size, which the evaluator rounds up to the devices' number.
    evaluator = Evaluator(
        *(helpers.GuessingModel(), get_protocol("h36m")),
        num_hypotheses=(1, 4, 23),
        seed=3,
        batch_size=15,
    )
    np.savez(output, **evaluator.evaluate(helpers.make_three_actions()).values)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

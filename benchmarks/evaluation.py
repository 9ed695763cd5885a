"""Speed of evaluation: what a batch costs, part by part.

    KERAS_BACKEND=jax python benchmarks/evaluation.py --output=evaluation.json

Prints a table and writes JSON: seconds per batch of each part, hypotheses per second,
the share of the time that PA-MPJPE's alignment takes, and the speed of sampling's
matrix products as a share of what plain products of the same shape reach here. The
model is the default one with random weights: no data is needed.
"""

import argparse
import json
import pathlib
import time

import keras
import numpy as np
from keras import ops

from propose_keras import backend, metrics
from propose_keras.evaluation.evaluator import Evaluator
from propose_keras.evaluation.measures import measure_distribution
from propose_keras.evaluation.protocols import get_protocol
from propose_keras.geometry import root_centre
from propose_keras.model import ProPose


def measure(function, *inputs, variables=(), repeats=5):
    """Seconds to compile and to run a function, the fastest of some repeats.

    Returns:
        What the function returned, its seconds of compilation and of running.
    """
    compiled = backend.compile_function(function, variables)

    def run():
        start = time.perf_counter()
        result = compiled(*inputs)
        # The device may still be at work: only fetching waits for it.
        ops.convert_to_numpy(keras.tree.flatten(result)[-1])
        return result, time.perf_counter() - start

    result, first = run()
    seconds = min(run()[1] for _ in range(repeats))
    return result, first - seconds, seconds


def products_per_hypothesis(model):
    """Operations of the products done for each hypothesis, not once per pose."""
    kernels = [
        variable.shape
        for network in (model.flow, model.pilgd_learner.decoder)
        for variable in network.trainable_variables
        if variable.path.endswith("/kernel")
    ]
    return sum(2 * rows * columns for rows, columns in kernels)


def benchmark(batch_size, num_hypotheses, width):
    """Runs the benchmark.

    Returns:
        Dictionary for JSON.
    """
    keras.utils.set_random_seed(0)
    model = ProPose.from_sizes(width=width)
    rng = np.random.default_rng(0)
    pose = rng.normal(size=(batch_size, 17, 3)) * [150, 350, 120] + [0, 0, 5000]
    keypoints = np.float32(pose[..., :2] / pose[..., 2:] * 1100 + 500)
    size = np.full((batch_size, 2), 1000, np.float32)
    model.normalization.adapt(keypoints, size, np.float32(pose))
    seeds = np.stack([np.zeros(batch_size), np.arange(batch_size)], -1).astype("int32")
    inputs = [
        ops.convert_to_tensor(x) for x in (keypoints, size, np.float32(pose), seeds)
    ]
    variables = tuple(model.variables)

    def sample(keypoints, image_size, pose_3d, row_seeds):
        return model.sample(
            keypoints, image_size, num_hypotheses=num_hypotheses, seed=row_seeds
        )

    def align(hypotheses, target):
        return metrics.pa_mpjpe(hypotheses, target[:, None])

    def multiply(x, kernel):
        for _ in range(8):
            x = ops.matmul(x, kernel)
        return x

    evaluator = Evaluator(
        model, get_protocol("h36m"), (num_hypotheses,), batch_size=batch_size
    )
    target = root_centre(inputs[2])
    parts = {}
    hypotheses, *parts["sampling"] = measure(sample, *inputs, variables=variables)
    _, *parts["PA-MPJPE, all hypotheses"] = measure(align, hypotheses, target)
    _, *parts["calibration, spread, energy"] = measure(
        measure_distribution, hypotheses, target
    )
    _, *parts["the whole program"] = measure(
        evaluator.measure_batch, *inputs, variables=variables
    )
    num_rows = batch_size * num_hypotheses
    rows = ops.convert_to_tensor(rng.normal(size=(num_rows, width)).astype("float32"))
    kernel = ops.convert_to_tensor(rng.normal(size=(width, width)).astype("float32"))
    _, *parts["8 plain products"] = measure(multiply, rows, kernel / width)
    plain_speed = 16 * num_rows * width**2 / parts["8 plain products"][1]
    sampling_speed = num_rows * products_per_hypothesis(model) / parts["sampling"][1]
    whole = parts["the whole program"][1]
    return {
        "backend": keras.backend.backend(),
        "batch_size": batch_size,
        "num_hypotheses": num_hypotheses,
        "width": width,
        "seconds": {name: run for name, (_, run) in parts.items()},
        "compile_seconds": {name: first for name, (first, _) in parts.items()},
        "hypotheses_per_second": num_rows / whole,
        "pa_mpjpe_share": parts["PA-MPJPE, all hypotheses"][1] / whole,
        "sampling_gflops": sampling_speed / 1e9,
        "plain_product_gflops": plain_speed / 1e9,
        "sampling_share_of_plain_products": sampling_speed / plain_speed,
    }


def main(arguments=None):
    """Parses the arguments, prints the table and writes the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch_size", type=int, default=64)
    parser.add_argument("--num_hypotheses", type=int, default=200)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--output", type=pathlib.Path)
    values = parser.parse_args(arguments)
    result = benchmark(values.batch_size, values.num_hypotheses, values.width)
    print(f"{'part':28} {'compile s':>10} {'run ms':>10}")
    for name, seconds in result["seconds"].items():
        first = result["compile_seconds"][name]
        print(f"{name:28} {first:10.2f} {1e3 * seconds:10.1f}")
    print(
        f"{result['hypotheses_per_second']:,.0f} hypotheses per second; PA-MPJPE "
        f"takes {result['pa_mpjpe_share']:.1%}; sampling's products reach "
        f"{result['sampling_gflops']:.0f} of {result['plain_product_gflops']:.0f} "
        f"GFLOP/s ({result['sampling_share_of_plain_products']:.0%})."
    )
    if values.output:
        values.output.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()

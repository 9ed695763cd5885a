"""Speed of training: poses per second, and what a run would take at that pace.

    KERAS_BACKEND=jax python benchmarks/training.py --flagfile=configs/small.flags

Takes the flags of `train.py`; needs no data, and augments none: the same batch again
and again. Prints a table and, with `--output=FILE`,
writes JSON: the multiply-adds of the matrix products per pose (counted from the shapes,
two operations each, a backward pass counted as two forward passes), the pace, and the
time of the whole run of `--num_steps`.
"""

import json
import pathlib
import sys
import time

import keras
import numpy as np
from absl import flags

from propose_keras.cli import training_flags


def operations_per_pose(model, settings):
    """Operations of a step's matrix products per pose, averaged over the phases.

    Follows `training/objectives.py`: 2 per weight and pass forward, 4 more where the
    gradient of weights and inputs is taken. The products with the condition, which are
    done once per pose, are counted for each hypothesis: a few percent too many.
    """

    def weights(network):
        kernels = [v for v in network.trainable_variables if len(v.shape) == 2]
        return sum(int(np.prod(v.shape)) for v in kernels)

    pilgd, flow = weights(model.pilgd_learner), weights(model.flow)
    encoder = weights(model.pilgd_learner.encoder)
    decoder = weights(model.pilgd_learner.decoder)
    pagd = base = 0
    if model.pagd_learner is not None:
        pagd = weights(model.pagd_learner)
        base = pagd - weights(model.pagd_learner.decoder)
    autoencoding = 6 * pilgd
    if settings.use_discriminator:
        # Through it to the pose, then its own loss on a real and a made-up pose.
        autoencoding += (4 + 2 * 6) * weights(model.discriminator)
    # The sample and the mode go through the flow together.
    density = 6 * pagd + 2 * 6 * flow
    bidirectional = 0
    if settings.bidirectional_weight > 0:
        drawn, kept = settings.training_hypotheses + 1, settings.num_best + 1
        bidirectional = 2 * base + 2 * drawn * flow
        bidirectional += 2 * settings.training_hypotheses * decoder + 6 * kept * decoder
        bidirectional *= 1 - settings.gate
    if settings.scheme == "end_to_end":
        if settings.bidirectional_weight > 0:
            # The kept ones go through flow and base once more, with gradient.
            bidirectional += (1 - settings.gate) * (6 * kept * flow + 4 * base)
        return autoencoding + density + bidirectional
    phases = (autoencoding + bidirectional, 2 * encoder + density)
    numbers = (settings.num_phase_1, settings.num_phase_2)
    return float(np.average(phases, weights=numbers))


def batches(batch_size):
    """The same random batch without end."""
    rng = np.random.default_rng(0)
    pose = rng.normal(size=(batch_size, 17, 3)) * [150, 350, 120] + [0, 0, 5000]
    keypoints = np.float32(pose[..., :2] / pose[..., 2:] * 1100 + 500)
    size = np.full((batch_size, 2), 1000, np.float32)
    while True:
        yield {"keypoints": keypoints, "image_size": size}, np.float32(pose)


def benchmark(values, num_steps):
    """Trains for `num_steps` after as many that are not timed.

    Returns:
        Dictionary for JSON.
    """
    keras.utils.set_random_seed(0)
    model = training_flags.configuration(values).make_model()
    data = batches(values.batch_size)
    options = {
        "steps_per_epoch": num_steps,
        "epochs": 1,
        "verbose": 0,
        "shuffle": False,
    }
    start = time.perf_counter()
    model.fit(data, **options)
    first = time.perf_counter() - start
    start = time.perf_counter()
    model.fit(data, **options)
    seconds = time.perf_counter() - start
    pace = num_steps * values.batch_size / seconds
    operations = operations_per_pose(model, model.settings)
    poses = values.num_steps * values.batch_size
    return {
        "backend": keras.backend.backend(),
        "batch_size": values.batch_size,
        "first_seconds": first,
        "poses_per_second": pace,
        "operations_per_pose": operations,
        "gflops": pace * operations / 1e9,
        "run_poses": poses,
        "run_operations": poses * operations,
        "run_hours": poses / pace / 3600,
    }


def main(arguments=None):
    """Parses the arguments, prints the table and writes the JSON file."""
    values = flags.FlagValues()
    training_flags.define_flags(values)
    flags.DEFINE_integer(
        "timed_steps", 100, "Steps that are timed.", 1, flag_values=values
    )
    flags.DEFINE_string("output", None, "JSON file to write.", flag_values=values)
    nowhere = ["--workdir=-", "--dataset=-", "--data_dir=-"]
    arguments = sys.argv[1:] if arguments is None else arguments
    values(["training.py", *nowhere, *arguments])
    if values.model != "propose":
        sys.exit("Error: this counts the operations of --model=propose.")
    result = benchmark(values, values.timed_steps)
    print(
        f"{result['poses_per_second']:,.0f} poses per second on {result['backend']}, "
        f"{result['operations_per_pose'] / 1e6:.1f} million operations each: "
        f"{result['gflops']:.0f} GFLOP/s.\n"
        f"The whole run, {result['run_poses'] / 1e6:.1f} million poses and "
        f"{result['run_operations'] / 1e15:.2f}e15 operations, would take "
        f"{result['run_hours']:.2f} hours."
    )
    if values.output:
        pathlib.Path(values.output).write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()

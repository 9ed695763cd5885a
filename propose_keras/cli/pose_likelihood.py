r"""Fits the Gaussian by which `Lifter` tells people from wrongly read keypoints.

    tfds build datasets/cmu_mocap --manual_dir=DIR --data_dir=DIR
    tfds build datasets/synthetic_human --config=full --data_dir=DIR
    python -m propose_keras.cli.pose_likelihood --data_dir=DIR \
        --output=propose_keras/inference/pose_likelihood.npz

The people are those of the training splits at ten frames per second, given other
bodies. Some lean or lie. Each pose is seen by a camera of its own and reported in the
layout of some detector, with a detector's errors. Takes half a minute on one core.
"""

import functools
import itertools
import pathlib

import numpy as np
from absl import flags

from propose_keras import files
from propose_keras.cli.errors import UserError, run_main
from propose_keras.data.arrays import PoseArrays
from propose_keras.data.augmentations import other_bodies, random_flip, tilt
from propose_keras.data.other_cameras import other_cameras
from propose_keras.data.other_layouts import other_layouts
from propose_keras.data.pipeline import batches
from propose_keras.data.reading import load_arrays
from propose_keras.inference.pose_likelihood import PoseLikelihood

_FRAME_RATE = 10
_BATCH_SIZE = 4096
# Deviation of body proportions, and of a detector's errors at most.
_BODIES, _ERRORS = 0.1, 0.06


def define_flags(values=flags.FLAGS):
    """Defines the flags, by default those of the process."""
    string = functools.partial(flags.DEFINE_string, flag_values=values)
    integer = functools.partial(flags.DEFINE_integer, flag_values=values)
    string(
        "dataset",
        "cmu_mocap,synthetic_human/full",
        "Built data sets, with commas between.",
    )
    string("data_dir", None, "The --data_dir that tfds build was given.")
    string("output", None, "The npz to write.")
    integer("num_batches", 60, "Batches of 4096 poses to fit to.", 1)
    integer("seed", 0, "Seed of all that is drawn.", 0)


def main(argv):
    """Runs the program with the flags of the process."""
    del argv
    execute(flags.FLAGS)


def execute(values):
    """Fits and writes the Gaussian.

    Args:
        values: The flags of `define_flags`, parsed.

    Raises:
        UserError: If a data set is not built, or nothing can be written.
    """
    if not values.output or not values.data_dir:
        raise UserError("Pass --data_dir and --output, as in --output=likelihood.npz.")
    try:
        people = [
            load_arrays(name, values.data_dir, "train").select(frame_rate=_FRAME_RATE)
            for name in values.dataset.split(",")
        ]
    except ValueError as error:
        raise UserError(str(error)) from error
    keypoints = draw(PoseArrays.concatenate(people), values.num_batches, values.seed)
    output = pathlib.Path(values.output).expanduser()
    try:
        with files.whole_file(output) as path, open(path, "wb") as file:
            PoseLikelihood.fit(keypoints).save(file)
    except OSError as error:
        raise UserError(f"Cannot write --output={output}: {error}") from error
    print(f"Wrote {output}: the Gaussian of {len(keypoints):,} people.")


def draw(people, num_batches, seed):
    """What detectors report of people, `(N, 17, 2)` pixels in the order h36m17."""
    augmentations = (
        *(other_bodies(_BODIES), tilt(), random_flip()),
        *(other_cameras(), other_layouts(_ERRORS)),
    )
    drawn = batches(people, _BATCH_SIZE, seed, augmentations=augmentations)
    drawn = itertools.islice(drawn, num_batches)
    return np.concatenate([inputs["keypoints"] for inputs, _ in drawn])


def run():
    """The program: defines its flags, then runs `main`."""
    define_flags()
    run_main(main)


if __name__ == "__main__":
    run()

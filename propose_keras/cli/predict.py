"""Lifts keypoints: `propose-predict INPUT --model=PATH --output=FILE`.

INPUT is what a detector wrote: JSON of AlphaPose, MMPose, Detectron2 or COCO, a folder
of OpenPose's JSON, npz, npy or csv; see `docs/inference.md`.
"""

import functools
import importlib.util
import os
import pathlib
import sys
import tempfile
import time

from absl import flags

from propose_keras.cli.errors import UserError, run_main
from propose_keras.data.infilling import MIN_JOINTS
from propose_keras.inference import LiftedPoses, Lifter
from propose_keras.inference.writing import open_writer
from propose_keras.skeletons import SKELETONS
from propose_keras.visualization import figure_hypotheses

_SECONDS_BETWEEN_LINES = 10.0
_FIGURE_SUFFIXES = (".png", ".pdf", ".svg")
# Rows of the figure and hypotheses of each.
_NUM_FANS, _FAN_SIZE = 4, 50


def define_flags(values=flags.FLAGS):
    """Defines the flags, by default those of the process."""
    string = functools.partial(flags.DEFINE_string, flag_values=values)
    integer = functools.partial(flags.DEFINE_integer, flag_values=values)
    string("model", None, "The model.keras of a run.")
    string("output", None, "File to write: FILE.npz or FILE.json.")
    string("figure", None, "Picture of a few poses to write: FILE.png, .pdf or .svg.")
    integer("num_hypotheses", 200, "Hypotheses S of each pose.", 1)
    integer("seed", 0, "Of the hypotheses.", 0, 2**31 - 1)
    flags.DEFINE_enum(
        "layout",
        None,
        sorted(SKELETONS),
        "Joint order of INPUT, where the file does not tell.",
        flag_values=values,
    )
    string("image_size", None, "WIDTHxHEIGHT of the images in pixels.")
    flags.DEFINE_float(
        "score_threshold",
        0.3,
        "Joints of a lower score are missing.",
        0.0,
        1.0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "keypoint_noise",
        50.0,
        "Deviation of a joint of score 0, mm at the person's scale.",
        0.0,
        flag_values=values,
    )
    integer("batch_size", 16, "People per step.", 1)


def main(argv):
    """Does what the arguments and the flags of the process say."""
    execute(argv[1], flags.FLAGS)


def execute(source, values):
    """Lifts a file of keypoints.

    Args:
        source: Path of the keypoints.
        values: The flags of `define_flags`, parsed.

    Raises:
        UserError: If the flags, the keypoints, the model or the outputs do not fit.
    """
    for name in ("model", "output"):
        if not getattr(values, name):
            raise UserError(f"--{name} is required.")
    image_size = parse_image_size(values.image_size)
    output = pathlib.Path(values.output).expanduser()
    figure = check_figure(values.figure, output)
    source = pathlib.Path(source).expanduser()
    if not source.exists():
        raise UserError(f"There is no file or folder {source}.")
    folder = (figure or output).parent
    try:
        with _open(output) as writer, tempfile.TemporaryDirectory(dir=folder) as spare:
            chosen, summary = lift(source, image_size, values, writer)
            if figure:
                os.replace(draw(chosen, os.path.join(spare, figure.name)), figure)
    except (OSError, ValueError) as error:
        raise UserError(str(error)) from error
    print(f"Wrote {output}: {summary}")


def _open(output):
    try:
        return open_writer(output)
    except (OSError, ValueError) as error:
        raise UserError(f"Cannot write --output={output}: {error}") from error


def lift(source, image_size, values, writer):
    """Lifts everything into a writer.

    Returns:
        A few rows for the figure, and what was done, in words.
    """
    try:
        lifter = Lifter(
            pathlib.Path(values.model).expanduser(),
            num_hypotheses=values.num_hypotheses,
            seed=values.seed,
            batch_size=values.batch_size,
            score_threshold=values.score_threshold,
            keypoint_noise=values.keypoint_noise,
        )
    except FileNotFoundError as error:
        raise UserError(f"{error} Pass the model.keras of a run.") from error
    sample = _Sample()
    people, num_poses, num_missing, num_skipped = set(), 0, 0, 0
    last = time.monotonic()
    for poses in lifter.stream(source, values.layout, image_size):
        writer.write(poses)
        sample.add(poses)
        people.update(poses.person.tolist())
        num_poses += len(poses)
        num_missing += int(poses.missing.sum())
        num_skipped += poses.num_skipped
        if time.monotonic() - last > _SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            print(f"{num_poses:,} poses", file=sys.stderr, flush=True)
    noun = "person" if len(people) == 1 else "people"
    summary = (
        f"{num_poses:,} poses of {len(people):,} {noun} with {values.num_hypotheses} "
        f"hypotheses each; {num_missing:,} joints filled in, {num_skipped:,} left out "
        f"for fewer than {MIN_JOINTS} joints."
    )
    return sample.rows(), summary


class _Sample:
    """Keeps rows spread evenly over a stream of unknown length."""

    def __init__(self):
        self._kept, self._stride, self._count = [], 1, 0

    def add(self, poses):
        for row in range(len(poses)):
            if self._count % self._stride == 0:
                self._kept.append(poses.take(row, _FAN_SIZE))
            self._count += 1
            if len(self._kept) > 2 * _NUM_FANS:
                self._kept, self._stride = self._kept[::2], 2 * self._stride

    def rows(self):
        count = min(_NUM_FANS, len(self._kept))
        steps = [i * len(self._kept) // count for i in range(count)]
        return LiftedPoses.concatenate([self._kept[i] for i in steps])


def draw(poses, path):
    """Draws poses into a file; returns its path."""
    figure_hypotheses(
        poses.keypoints,
        poses.hypotheses,
        None,
        poses.mode,
        path,
        titles=[f"{f}, person {p}" for f, p in zip(poses.frame, poses.person)],
    )
    return path


def check_figure(name, output):
    """The figure's path, or None.

    Raises:
        UserError: If it cannot be drawn there.
    """
    if not name:
        return None
    path = pathlib.Path(name).expanduser()
    if path.suffix not in _FIGURE_SUFFIXES or path == output:
        raise UserError(
            f"--figure={name}: expected a name that ends in "
            f"{', '.join(_FIGURE_SUFFIXES)}."
        )
    if not path.parent.is_dir() or path.is_dir():
        raise UserError(f"Cannot write --figure={name}: no such folder, or it is one.")
    if importlib.util.find_spec("matplotlib") is None:
        raise UserError(
            "--figure needs matplotlib: pip install propose-keras[visualization]."
        )
    return path


def parse_image_size(text):
    """Width and height of `WIDTHxHEIGHT`, or None.

    Raises:
        UserError: If the text is something else.
    """
    if not text:
        return None
    try:
        width, height = (int(part) for part in text.lower().split("x"))
    except ValueError:
        width = height = 0
    if width < 1 or height < 1:
        raise UserError(f"--image_size={text}: expected WIDTHxHEIGHT, as in 1920x1080.")
    return width, height


def run():
    """The program: defines its flags, then runs `main`."""
    define_flags()
    run_main(main, positionals=("INPUT",))


if __name__ == "__main__":
    run()

"""Milliseconds from a frame's keypoints to its poses, frame by frame.

    python benchmarks/live.py --batch_sizes=1,4,16 --num_hypotheses=200

Lifts `examples/two-people.json` again and again as a camera would give it, one person
or both in each frame (`--people`), smoothed by the frames before, and prints the median
and the slowest of 20 frames. A batch is padded: with `batch_size=1` one person costs
one; with 16 one person costs 16.
"""

import argparse
import itertools
import json
import pathlib
import time

import numpy as np

SOURCE = pathlib.Path(__file__).parents[1] / "examples" / "two-people.json"
IMAGE_SIZE = (1000, 1002)
# The first frames compile the program.
WARM_UP = 5


def read_frames(num_people):
    """Keypoints `(people, J, 3)` of each frame of the example."""
    rows = json.loads(SOURCE.read_text())
    for _, people in itertools.groupby(rows, lambda row: row["image_id"]):
        values = [np.reshape(person["keypoints"], (-1, 3)) for person in people]
        yield np.array(values[:num_people])


def milliseconds(live, frames, clock=time.perf_counter):
    """Of each frame but the first few, how long its poses took.

    Args:
        live: Takes a frame's keypoints.
        frames: Keypoints.
        clock: Seconds.
    """
    found = []
    for frame in frames:
        start = clock()
        live(frame)
        found.append(1000 * (clock() - start))
    return np.array(found[WARM_UP:])


def main(argv=None):
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch_sizes", default="1,4,16")
    parser.add_argument("--num_hypotheses", type=int, default=200)
    parser.add_argument("--people", type=int, choices=[1, 2], default=1)
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--preset", default="propose_base")
    values = parser.parse_args(argv)
    from propose_keras import Lifter

    frames = list(read_frames(values.people))
    print("batch_size | median, ms per frame | slowest of 20, ms")
    for batch_size in map(int, values.batch_sizes.split(",")):
        lifter = Lifter.from_preset(
            values.preset,
            num_hypotheses=values.num_hypotheses,
            smooth="live",
            batch_size=batch_size,
        )
        live = lifter.live("coco17", IMAGE_SIZE)
        stream = itertools.islice(itertools.cycle(frames), WARM_UP + values.frames)
        times = milliseconds(live, stream)
        slowest = np.quantile(times, 0.95)
        print(f"{batch_size:10} | {np.median(times):20.1f} | {slowest:17.1f}")


if __name__ == "__main__":
    main()

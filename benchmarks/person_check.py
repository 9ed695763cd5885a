"""How often the check of the input warns, rightly and wrongly.

    python benchmarks/person_check.py --data_dir=DIR \
        --datasets=cmu_mocap,synthetic_human/full --output=check.json
    python benchmarks/person_check.py --files FILE... --image_size=854x480

Draws clips of 50 frames from the split `test` of each data set and writes them as the
detectors of several layouts would, in turns whole and with parts of the body cut off,
half of them with a detector's errors. Each clip is read rightly and wrongly. Prints
false alarms (warnings about clips read rightly) and misses (no warning about clips read
wrongly), for the clip's first frame, its first 10 and, read rightly, all 50.

Files must hold people who are read rightly as they are. The same is counted for every
pose of them and for every 10 in a row.
"""

import argparse
import collections
import itertools
import json
import pathlib

import numpy as np

from propose_keras.data import load_arrays
from propose_keras.data.cameras import project
from propose_keras.data.landmarks import NUM_FREE_ANGLES, landmarks
from propose_keras.inference.person_check import PersonCheck
from propose_keras.inference.units import in_pixels
from propose_keras.keypoint_files import people_of_array, read_keypoints
from propose_keras.skeletons import get_skeleton, layouts_alike

LAYOUTS = (
    *("h36m17", "coco17", "3dhp17", "body25", "body25b"),
    *("halpe26", "coco18", "mediapipe33", "mpii16"),
)
NUM_FRAMES = 50
LENGTHS = (1, 10, 50)
# Deviation of detected joints as a share of a person's radius; share of joints missing
# in clips with gaps.
ERROR, GAPS = 0.03, 0.2

FEET = ("Knee", "Ankle", "Foot", "Toe", "Heel")
TRUNK = ("Hip", "Pelvis", "Spine", "Chest")
ARMS = ("Shoulder", "Elbow", "Wrist", "Pinky", "Index", "Thumb")
# What is seen: whether a joint of a name is.
CROPS = {
    "whole body": lambda name: True,
    "gaps": lambda name: True,
    "legs cut off": lambda name: not _has(name, FEET),
    "hips, too": lambda name: not _has(name, FEET + TRUNK),
    "arms only": lambda name: _has(name, (*ARMS, "Neck", "Thorax")),
}


def _has(name, parts):
    return any(part in name for part in parts)


def draw_clips(dataset, data_dir, count, seed=0):
    """Clips of a split `test` as detectors write them.

    Yields:
        Crop, layout, keypoints `(50, J, 2)`, scores `(50, J)`.
    """
    arrays = load_arrays(dataset, data_dir, "test")
    rng = np.random.default_rng(seed)
    starts = np.flatnonzero(np.diff(arrays.clip_index, prepend=-1))
    lengths = np.diff(np.append(starts, len(arrays)))
    chances = np.where(lengths >= NUM_FRAMES, lengths, 0)
    drawn = rng.choice(len(starts), size=count, p=chances / chances.sum())
    turns = itertools.cycle(itertools.product(CROPS, LAYOUTS, (0.0, ERROR)))
    for clip, (crop, layout, error) in zip(drawn, turns):
        first = starts[clip] + rng.integers(lengths[clip] - NUM_FRAMES + 1)
        pose_3d = arrays.pose_3d[first : first + NUM_FRAMES].astype(np.float64)
        noise = rng.standard_normal((1, NUM_FREE_ANGLES))
        camera = arrays.clips[clip]
        points = landmarks(pose_3d, layout, noise)
        keypoints = project(points, camera.intrinsics, camera.distortion)
        centred = keypoints - keypoints.mean(axis=1, keepdims=True)
        size = np.sqrt(np.mean(np.sum(centred**2, axis=-1)))
        keypoints += error * size * rng.standard_normal(keypoints.shape)
        names = get_skeleton(layout).joint_names
        scores = np.tile([float(CROPS[crop](name)) for name in names], (NUM_FRAMES, 1))
        if crop == "gaps":
            scores *= rng.random(scores.shape) >= GAPS
        yield crop, layout, keypoints, scores


def wrong_readings(keypoints, scores, layout):
    """The same people, read wrongly.

    Yields:
        Name of the error, keypoints, scores and layout.
    """
    for other in layouts_alike(layout)[1:]:
        yield "layout", keypoints, scores, other
    skeleton = get_skeleton(layout)
    flip = list(skeleton.flip)
    y_up = keypoints * [1, -1] + [0, keypoints[..., 1].max()]
    yield "y upward", y_up, scores, layout
    yield "y upward, sides", y_up[:, flip], scores[:, flip], layout
    yield "x, y exchanged", keypoints[..., ::-1], scores, layout
    arms = [
        flip[i] if _has(name, ARMS) else i
        for i, name in enumerate(skeleton.joint_names)
    ]
    yield "sides of the arms", keypoints[:, arms], scores[:, arms], layout
    yield "all sides", keypoints[:, flip], scores[:, flip], layout


def says(people):
    """Whether the check warns of these people."""
    check = PersonCheck(score_threshold=0.3)
    notes = [note for person in people for note in check.add(person)]
    return bool(notes or list(check.finish()))


def measure_dataset(dataset, data_dir, count):
    """Counts warnings.

    Returns:
        `(warned, cases)` of each (reading, crop, length).
    """
    counts = collections.Counter(), collections.Counter()

    def tally(reading, crop, length, people):
        for name in (crop, "all"):
            counts[0][reading, name, length] += says(people)
            counts[1][reading, name, length] += 1

    for crop, layout, *clip in draw_clips(dataset, data_dir, count):
        right = ("right", *clip, layout)
        for name, *read, other in (right, *wrong_readings(*clip, layout)):
            people = list(people_of_array("", *read, layout=other))
            for length in LENGTHS if name == "right" else LENGTHS[:2]:
                tally(name, crop, length, people[:length])
    return counts


def measure_file(path, layout, image_size):
    """Counts warnings of single poses and of runs of ten, read rightly and wrongly."""
    people = list(in_pixels(read_keypoints(path, layout, image_size), image_size))
    keypoints = np.array([person.keypoints for person in people])
    scores = np.array([person.scores for person in people])
    layout = people[0].layout
    counts = collections.Counter(), collections.Counter()
    keypoints = np.where(scores[..., None] > 0, keypoints, 0.0)
    right = ("right", keypoints, scores, layout)
    for name, *read, other in (right, *wrong_readings(keypoints, scores, layout)):
        read = list(people_of_array("", *read, layout=other))
        for length in (1, 10):
            for first in range(0, len(read) - length + 1, length):
                warned = says(read[first : first + length])
                counts[0][name, "all", length] += warned
                counts[1][name, "all", length] += 1
    return counts


def print_counts(counts):
    """Prints false alarms, then misses, a line for each reading."""
    warned, cases = counts
    readings = dict.fromkeys(reading for reading, _, _ in cases)
    lengths = dict.fromkeys(length for _, _, length in cases)
    crops = dict.fromkeys(crop for _, crop, _ in cases)
    print(f"{'':18} {'poses':>5}", *(f"{crop:>14}" for crop in crops))
    for reading, length in itertools.product(readings, lengths):
        if not cases[reading, "all", length]:
            continue
        cells = []
        for crop in crops:
            found, total = (c[reading, crop, length] for c in counts)
            wrong = found if reading == "right" else total - found
            cells.append(f"{wrong:6d} / {total:5d}")
        label = "false alarms" if reading == "right" else f"missed: {reading}"
        print(f"{label:25} {length:5}", *(f"{cell:>14}" for cell in cells))


def main(arguments=None):
    """Parses the arguments, prints tables and writes the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--datasets", default="")
    parser.add_argument("--data_dir")
    parser.add_argument("--clips", type=int, default=900)
    parser.add_argument("--files", nargs="*", default=[])
    parser.add_argument("--layout")
    parser.add_argument("--image_size")
    parser.add_argument("--output", type=pathlib.Path)
    values = parser.parse_args(arguments)
    size = values.image_size and tuple(map(int, values.image_size.split("x")))
    results = {}
    for name in filter(None, values.datasets.split(",")):
        results[name] = measure_dataset(name, values.data_dir, values.clips)
    for path in values.files:
        results[path] = measure_file(path, values.layout, size)
    for name, counts in results.items():
        print(name)
        print_counts(counts)
    if values.output:
        document = {
            name: [
                {"reading": k[0], "seen": k[1], "poses": k[2], "warned": w[k], "of": n}
                for k, n in cases.items()
            ]
            for name, (w, cases) in results.items()
        }
        values.output.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()

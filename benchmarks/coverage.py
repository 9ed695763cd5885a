"""Which poses built data sets cover, side by side.

    python benchmarks/coverage.py --data_dir=DIR \
        --datasets=human36m/gt,cmu_mocap,ui_prmd --subjects=human36m/gt=S8

Prints, for each data set, percentiles over all people's frames of four measures in the
world: the trunk's angle to the vertical (hip to thorax; 0 upright, 90 lying), the
knees' and the elbows' angles (180 straight), and the height of the hip over the lowest
joint. Then the share of frames of the first data set that lie in cells (10 degrees of
trunk and of the more bent knee, 10 cm of height) where another has at least `--least`
of a thousand of its frames: how much of what the first asks for the other has.
`--figure` writes the distributions.

A data set's frames are seen by several cameras; one of each performance is taken, and
frames a tenth of a second apart, or as far apart as they are.
"""

import argparse
import pathlib

import numpy as np

from propose_keras.data import load_arrays
from propose_keras.skeletons import H36M_17

PERCENTILES = (1, 5, 25, 50, 75, 95, 99)
MEASURES = {
    "trunk to vertical, degrees": (0, 180),
    "knees, degrees": (0, 180),
    "elbows, degrees": (0, 180),
    "hip over lowest joint, mm": (0, 1200),
}
CELL = {"trunk": 10.0, "knee": 10.0, "height": 100.0}
FRAME_RATE = 10.0


def read(name, data_dir, splits, subject):
    """World poses `(N, 17, 3)` mm of one camera of each performance."""
    parts = []
    for split in splits.split("+"):
        arrays = load_arrays(name, data_dir, split)
        if subject and subject in {clip.subject for clip in arrays.clips}:
            arrays = arrays.select(subjects=[subject])
        elif subject:
            continue
        slowest = min(clip.frame_rate for clip in arrays.clips)
        arrays = arrays.select(frame_rate=min(FRAME_RATE, slowest))
        seen = set()
        for index, clip in enumerate(arrays.clips):
            performance = (clip.subject, clip.action, clip.take)
            if performance not in seen:
                seen.add(performance)
                rows = arrays.clip_index == index
                poses = arrays.pose_3d[rows].astype(np.float64)
                parts.append(poses @ clip.rotation + clip.translation)
    if not parts:
        raise SystemExit(f"{name} has no person {subject!r} in the splits {splits}.")
    return np.concatenate(parts)


def angle(first, middle, last):
    """The angle at `middle` in degrees."""
    a, b = first - middle, last - middle
    cosine = (a * b).sum(-1) / np.linalg.norm(a, axis=-1) / np.linalg.norm(b, axis=-1)
    return np.rad2deg(np.arccos(np.clip(cosine, -1, 1)))


def measure(poses):
    """The four measures of world poses, in the order of `MEASURES`."""
    joint = {name: poses[:, i] for i, name in enumerate(H36M_17.joint_names)}
    trunk = joint["Thorax"] - joint["Hip"]
    upright = trunk[:, 2] / np.linalg.norm(trunk, axis=-1)
    knees, elbows = (
        np.stack([angle(*(joint[s + n] for n in names)) for s in "LR"])
        for names in (("Hip", "Knee", "Foot"), ("Shoulder", "Elbow", "Wrist"))
    )
    height = joint["Hip"][:, 2] - poses[..., 2].min(axis=-1)
    return np.rad2deg(np.arccos(np.clip(upright, -1, 1))), knees, elbows, height


def cells(values):
    """The cell of each frame: trunk, more bent knee, height of the hip."""
    trunk, knees, _, height = values
    axes = (trunk / CELL["trunk"], knees.min(axis=0) / CELL["knee"])
    return [tuple(c) for c in np.stack([*axes, height / CELL["height"]], 1).astype(int)]


def covered(wanted, offered, least):
    """The share of frames whose cell has enough of the other's frames."""
    found, counts = np.unique(np.array(cells(offered)), axis=0, return_counts=True)
    enough = {
        tuple(cell)
        for cell, n in zip(found, counts)
        if n * 1000 >= least * counts.sum()
    }
    return np.mean([cell in enough for cell in cells(wanted)])


def draw(path, measured):
    """The distributions of the four measures."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(11, 7))
    for index, (axis, (title, limits)) in enumerate(zip(axes.flat, MEASURES.items())):
        for name, values in measured.items():
            axis.hist(
                np.ravel(values[index]),
                bins=np.linspace(*limits, 61),
                density=True,
                histtype="step",
                label=name,
            )
        axis.set_title(title)
        axis.set_yticks([])
        axis.set_yscale("log")
    axes[0, 0].legend()
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    plt.close(figure)


def main(arguments=None):
    """Measures, prints and draws."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data_dir", required=True)
    parser.add_argument("--datasets", required=True, help="names with commas between")
    parser.add_argument("--splits", default="train", help="such as train+test")
    parser.add_argument(
        "--subjects", default="", help="NAME=PERSON with commas between"
    )
    parser.add_argument("--least", type=float, default=0.1)
    parser.add_argument("--figure", type=pathlib.Path)
    arguments = parser.parse_args(arguments)
    people = dict(p.split("=") for p in arguments.subjects.split(",") if p)
    measured = {}
    for name in arguments.datasets.split(","):
        poses = read(name, arguments.data_dir, arguments.splits, people.get(name))
        label = f"{name} {people.get(name, '')}".strip()
        measured[label] = measure(poses)
        print(f"{label}: {len(poses)} frames")
    header = ["measure", "data set", *(f"{p} %" for p in PERCENTILES)]
    print("\n| " + " | ".join(header) + " |\n" + "|---" * len(header) + "|")
    for index, title in enumerate(MEASURES):
        for label, values in measured.items():
            row = np.percentile(values[index], PERCENTILES)
            print(
                f"| {title} | {label} | " + " | ".join(f"{v:.0f}" for v in row) + " |"
            )
    first, *others = measured
    print(f"\n| share of {first} covered by | |\n|---|---|")
    for other in others:
        share = covered(measured[first], measured[other], arguments.least)
        print(f"| {other} | {100 * share:.1f} % |")
    if len(others) > 1:
        joined = [
            np.concatenate([measured[o][i] for o in others], axis=-1) for i in range(4)
        ]
        share = covered(measured[first], joined, arguments.least)
        print(f"| all of them | {100 * share:.1f} % |")
    if arguments.figure:
        draw(arguments.figure, measured)


if __name__ == "__main__":
    main()

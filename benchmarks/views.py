"""Poses from several cameras at once, against one camera and plain triangulation.

    python benchmarks/views.py --data_dir=DIR --dataset=human36m/sh --sequences=20

Lifts sequences of a built data set that several calibrated cameras saw and fuses the
views (`Lifter.fuse`). Prints, for one, two and all cameras, MPJPE relative to the hip,
ECE, MRPE of the root in the world, and the errors of the direct linear transform
(Hartley and Zisserman, "Multiple View Geometry", 2003, Sec. 12.2) of the same points.
The two are those that stand furthest from facing each other.
"""

import argparse
import itertools
import json
import pathlib

import numpy as np
from keras import ops

from propose_keras import Lifter, metrics
from propose_keras.data import load_arrays
from propose_keras.inference.fusion import View

# mm: cameras that disagree more about where the truth is are out of step.
_SAME = 20.0


def sequences(arrays, count, generator):
    """Indices of the clips of sequences that several cameras saw."""
    found = {}
    for index, clip in enumerate(arrays.clips):
        found.setdefault((clip.subject, clip.action, clip.take), []).append(index)
    several = [indices for indices in found.values() if len(indices) > 1]
    for number in generator.permutation(len(several))[:count]:
        yield several[number]


def to_world(points, clip):
    """Points `(..., 3)` mm from a camera's frame."""
    return points @ clip.rotation + np.asarray(clip.translation)


def triangulate(keypoints, clips):
    """Points `(frames, 17, 3)` mm in the world by the direct linear transform."""
    rows = []
    for pixels, clip in zip(keypoints, clips):
        offset = -clip.rotation @ np.asarray(clip.translation)
        matrix = np.column_stack([clip.rotation, offset])
        rays = (pixels - clip.intrinsics[2:]) / clip.intrinsics[:2]
        rows += [rays[..., i, None] * matrix[2] - matrix[i] for i in (0, 1)]
    points = np.linalg.svd(np.stack(rows, axis=-2))[2][..., -1, :]
    return points[..., :3] / points[..., 3:]


def pair_of(clips):
    """The two cameras whose lines of sight are nearest to a right angle."""
    axes = [clip.rotation[2] for clip in clips]
    pairs = itertools.combinations(range(len(clips)), 2)
    return min(pairs, key=lambda pair: abs(axes[pair[0]] @ axes[pair[1]]))


class Scores:
    """Errors of sequences by the name of what gave the poses."""

    def __init__(self):
        self._errors, self._levels = {}, {}

    def note(self, name, truth, poses, roots, hypotheses=None):
        """Notes a sequence: arrays in the world, mm, poses relative to the hip."""
        relative = (truth - truth[:, :1]).astype(np.float32)
        errors = poses - relative, (roots - truth[:, 0])
        means = [np.linalg.norm(error, axis=-1).mean() for error in errors]
        self._errors.setdefault(name, []).append(means)
        if hypotheses is not None:
            found = metrics.calibration_levels(
                hypotheses[:, :, 1:].astype(np.float32), relative[:, 1:]
            )
            self._levels.setdefault(name, []).append(ops.convert_to_numpy(found))

    def count(self):
        """Sequences noted."""
        return len(next(iter(self._errors.values()), ()))

    def table(self):
        """Means by name."""
        table = {}
        for name, errors in self._errors.items():
            mpjpe, mrpe = np.mean(errors, axis=0)
            table[name] = {"mpjpe": float(mpjpe), "mrpe": float(mrpe)}
            if name in self._levels:
                curve = metrics.calibration_curve(np.concatenate(self._levels[name]))
                table[name]["ece"] = metrics.expected_calibration_error(curve)
        return table


def evaluate(values):
    """Rows of the table by name, and the number of sequences."""
    generator = np.random.default_rng(values.seed)
    arrays = load_arrays(values.dataset, values.data_dir, values.split)
    subjects = values.subjects.split(",") if values.subjects else None
    arrays = arrays.select(subjects=subjects, frame_stride=values.frame_stride)
    make = Lifter if values.model else Lifter.from_preset
    lifter = make(
        values.model or values.preset,
        num_hypotheses=values.num_hypotheses,
        batch_size=64,
    )
    scores = Scores()
    for indices in sequences(arrays, values.sequences, generator):
        clips = [arrays.clips[index] for index in indices]
        rows = [np.flatnonzero(arrays.clip_index == index) for index in indices]
        length = min(map(len, rows))
        rows = [part[:length] for part in rows]
        truths = [to_world(arrays.pose_3d[r], c) for r, c in zip(rows, clips)]
        truth = truths[0]
        if max(np.abs(other - truth).max() for other in truths) > _SAME:
            continue
        keypoints = [arrays.keypoints_2d[r] for r in rows]
        one = lifter(keypoints[0], "h36m17", clips[0].image_size, clips[0].intrinsics)
        turn = clips[0].rotation
        place = to_world(one.root, clips[0])
        scores.note("1 camera", truth, one.mode @ turn, place, one.hypotheses @ turn)
        for chosen in sorted({pair_of(clips), tuple(range(len(clips)))}, key=len):
            name = f"{len(chosen)} cameras"
            views = [
                View(
                    *(keypoints[i], clips[i].rotation, clips[i].translation),
                    *(clips[i].intrinsics, clips[i].image_size),
                )
                for i in chosen
            ]
            fused = lifter.fuse(views, "h36m17")
            scores.note(name, truth, fused.mode, fused.root, fused.hypotheses)
            points = triangulate(
                [keypoints[i] for i in chosen], [clips[i] for i in chosen]
            )
            name = f"{name}, triangulated"
            scores.note(name, truth, points - points[:, :1], points[:, 0])
    return scores.table(), scores.count()


def main(arguments=None):
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data_dir", required=True)
    parser.add_argument("--dataset", default="human36m/sh")
    parser.add_argument("--split", default="test")
    parser.add_argument("--subjects", default="", help="with commas; default: all")
    parser.add_argument("--sequences", type=int, default=20)
    parser.add_argument("--frame_stride", type=int, default=40)
    parser.add_argument("--num_hypotheses", type=int, default=50)
    parser.add_argument("--preset", default="propose_cmu")
    parser.add_argument("--model", help="a model.keras in place of the preset")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", help="JSON of the table")
    values = parser.parse_args(arguments)
    table, count = evaluate(values)
    print(f"{count} sequences, {values.dataset} {values.split}")
    print("| | MPJPE | MRPE | ECE |\n|---|---|---|---|")
    for name, row in table.items():
        ece = f"{row['ece']:.3f}" if "ece" in row else ""
        print(f"| {name} | {row['mpjpe']:.1f} | {row['mrpe']:.1f} | {ece} |")
    if values.output:
        result = {**vars(values), "table": table}
        pathlib.Path(values.output).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

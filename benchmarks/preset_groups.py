"""Errors of a preset by camera, crop, noise, body and pose, as in its model card.

    python benchmarks/preset_groups.py --data_dir=DIR --dataset=cmu_mocap,ui_prmd

Poses of the test splits, drawn at random, are seen by one camera of 1920 by 1080 pixels
that is varied in one respect at a time; where nothing else is said it looks down by 10
degrees from any side, its field of view is 60 degrees, the person fills 0.6 of the
image's height, and keypoints have errors of 1 % of the pose's size (about 5 mm). The
camera is not made known.

MPJPE / PA-MPJPE of the mode and of the best of the hypotheses, mm; ECE; and the share
of joints whose distance from the mean is within two standard deviations.
"""

import argparse
import dataclasses
import json
import pathlib
import warnings

import numpy as np
from keras import ops

from propose_keras import Lifter, metrics
from propose_keras.data import load_arrays
from propose_keras.data.cameras import world_to_camera
from propose_keras.inference.bones import stature
from propose_keras.inference.person_check import PersonWarning
from propose_keras.skeletons import H36M_17

_IMAGE_SIZE = np.array([1920.0, 1080.0])
_STATURE = 1700.0
# Poses of each data set that rows are drawn from.
_POOL = 20000
_LEGS = ("RKnee", "RFoot", "LKnee", "LFoot")
_HIPS = ("Hip", "RHip", "LHip")
_ARM = ("LShoulder", "LElbow", "LWrist")
_LEFT = (*_ARM, "LHip", "LKnee", "LFoot")


@dataclasses.dataclass(frozen=True)
class Conditions:
    """How people are seen.

    Attributes:
        pitch: Degrees that the camera looks down by.
        roll: Degrees that it is turned by about its axis.
        field_of_view: Across, degrees.
        distance: Of the hip, m, instead of that at which people fill `share`.
        share: Of the image's height that a person of 1.7 m fills.
        noise: Deviation of keypoints, as a share of the pose's size.
        missing: Names of the joints that are not seen.
        stature: m, of everybody, instead of their own.
        trunk: Range of the trunk's angle to the vertical, degrees, of the poses taken.
    """

    pitch: float = 10.0
    roll: float = 0.0
    field_of_view: float = 60.0
    distance: float | None = None
    share: float = 0.6
    noise: float = 0.01
    missing: tuple[str, ...] = ()
    stature: float | None = None
    trunk: tuple[float, float] = (0.0, 180.0)


GROUPS: dict[str, dict[str, Conditions]] = {
    "as above": {"": Conditions()},
    "pitch": {
        f"{angle} degrees": Conditions(pitch=angle) for angle in (-45, -15, 15, 30, 60)
    },
    "roll": {
        f"{angle} degrees": Conditions(roll=angle) for angle in (45, 90, 135, 180)
    },
    "distance": {f"{d} m": Conditions(distance=d) for d in (1.5, 3, 6, 12, 24)},
    "field of view": {
        f"{angle} degrees": Conditions(field_of_view=angle) for angle in (20, 90, 110)
    },
    "not seen": {
        "feet": Conditions(missing=("RFoot", "LFoot")),
        "legs": Conditions(missing=_LEGS),
        "legs and hips": Conditions(missing=_LEGS + _HIPS),
        "left arm": Conditions(missing=_ARM),
        "left side": Conditions(missing=_LEFT),
    },
    "keypoints' errors": {
        f"{100 * noise:g} %": Conditions(noise=noise)
        for noise in (0.0, 0.02, 0.04, 0.08)
    },
    "stature": {
        f"{height} m": Conditions(stature=height) for height in (1.2, 1.5, 1.8, 2.05)
    },
    "trunk to the vertical": {
        f"{low} to {high} degrees": Conditions(trunk=(low, high))
        for low, high in ((0, 30), (30, 60), (60, 120), (120, 180))
    },
}


def upright(arrays):
    """Poses `(N, 17, 3)` mm relative to the hip, x right, y forward, z up."""
    rotation = np.array([clip.rotation for clip in arrays.clips])[arrays.clip_index]
    relative = arrays.pose_3d - arrays.pose_3d[:, :1]
    return np.einsum("nij,nki->nkj", rotation, relative)


def trunk_angles(world):
    """Angle of the way from hip to thorax to the vertical, degrees, `(N,)`."""
    trunk = world[:, H36M_17.index("Thorax")] - world[:, H36M_17.root]
    length = np.maximum(np.linalg.norm(trunk, axis=-1), 1e-6)
    return np.degrees(np.arccos(np.clip(trunk[:, 2] / length, -1, 1)))


def see(world, given, generator):
    """Camera-frame poses `(N, 17, 3)` relative to the hip, and keypoints, pixels."""
    if given.stature:
        height = stature(world.astype(np.float32))
        world = world * (1000 * given.stature / height)[:, None, None]
    pose = world @ _rotations(len(world), given, generator).swapaxes(-1, -2)
    focal = _IMAGE_SIZE[0] / 2 / np.tan(np.radians(given.field_of_view) / 2)
    distance = focal * _STATURE / (given.share * _IMAGE_SIZE[1])
    if given.distance:
        distance = 1000 * given.distance
    placed = pose + [0, 0, distance]
    depth = np.maximum(placed[..., 2:], 100.0)
    keypoints = focal * placed[..., :2] / depth + _IMAGE_SIZE / 2
    centred = keypoints - keypoints[:, :1]
    size = np.sqrt(np.mean(np.sum(centred**2, axis=-1), axis=1))[:, None, None]
    noise = given.noise * size * generator.standard_normal(keypoints.shape)
    return pose, keypoints + noise


def _rotations(count, given, generator):
    """World to camera: any heading, then pitch, then roll."""
    heading = generator.uniform(0, 2 * np.pi, count)
    pitch, roll = (np.full(count, np.radians(a)) for a in (given.pitch, given.roll))
    return world_to_camera(heading, pitch, roll)


def measure(lifter, pose, keypoints, missing):
    """The columns of the table, and how many people were seen."""
    scores = np.ones((*keypoints.shape[:2], 1))
    scores[:, [H36M_17.index(name) for name in missing]] = 0.0
    detections = np.concatenate([keypoints, scores], axis=-1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PersonWarning)
        lifted = lifter(detections, "h36m17", tuple(_IMAGE_SIZE), track=False)
    target = np.float32(pose)
    each = ops.convert_to_numpy(metrics.mpjpe(lifted.hypotheses, target[:, None]))
    aligned = ops.convert_to_numpy(
        metrics.pa_mpjpe(
            lifted.hypotheses,
            np.broadcast_to(target[:, None], lifted.hypotheses.shape).copy(),
        )
    )
    levels = metrics.calibration_levels(lifted.hypotheses[:, :, 1:], target[:, 1:])
    curve = metrics.calibration_curve(levels)
    away = np.linalg.norm(lifted.mean - target, axis=-1)[:, 1:]
    return {
        "mode": float(np.mean(metrics.mpjpe(lifted.mode, target))),
        "mode_aligned": float(np.mean(metrics.pa_mpjpe(lifted.mode, target))),
        "best": float(each.min(axis=1).mean()),
        "best_aligned": float(aligned.min(axis=1).mean()),
        "ece": float(metrics.expected_calibration_error(curve)),
        "within_two": float(np.mean(away <= 2 * lifted.spread[:, 1:])),
        "people": len(lifted),
    }


def evaluate(values):
    """Rows of the table by group and name."""
    parts = [
        upright(load_arrays(name, values.data_dir, values.split))
        for name in values.dataset.split(",")
    ]
    # The same number of each data set.
    generator = np.random.default_rng(values.seed)
    each = [p[generator.permutation(len(p))[:_POOL]] for p in parts]
    world = np.concatenate(each)
    angles = trunk_angles(world)
    lifter = Lifter.from_preset(
        values.preset,
        num_hypotheses=values.num_hypotheses,
        batch_size=64,
        seed=values.seed,
    )
    rows: dict = {}
    for group, conditions in GROUPS.items():
        for name, given in conditions.items():
            low, high = given.trunk
            found = np.flatnonzero((angles >= low) & (angles <= high))
            found = generator.permutation(found)[: values.poses]
            if not len(found):
                continue
            pose, keypoints = see(world[found], given, generator)
            row = measure(lifter, pose, keypoints, given.missing)
            rows.setdefault(group, {})[name] = row
    return rows


def table(rows):
    """Markdown."""
    lines = [
        "| | | mode | best | ECE | within two deviations | people |",
        "|---|---|---|---|---|---|---|",
    ]
    for group, members in rows.items():
        for place, (name, row) in enumerate(members.items()):
            lines.append(
                f"| {'' if place else group} | {name} "
                f"| {row['mode']:.0f} / {row['mode_aligned']:.0f} "
                f"| {row['best']:.0f} / {row['best_aligned']:.0f} "
                f"| {row['ece']:.3f} | {row['within_two']:.2f} | {row['people']} |"
            )
    return "\n".join(lines)


def run(evaluate, table, description, poses, arguments):
    """Parses the arguments, prints the table and writes the JSON file.

    Args:
        evaluate: Rows of the parsed arguments.
        table: Markdown of the rows.
        description: Of the program.
        poses: Default and help of --poses.
        arguments: Instead of the program's own.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data_dir", required=True)
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--split", default="test")
    parser.add_argument("--preset", default="propose_base")
    parser.add_argument("--poses", type=int, default=poses[0], help=poses[1])
    parser.add_argument("--num_hypotheses", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output")
    values = parser.parse_args(arguments)
    rows = evaluate(values)
    print(table(rows))
    if values.output:
        pathlib.Path(values.output).write_text(json.dumps(rows, indent=2) + "\n")


def main(arguments=None):
    """The program."""
    run(evaluate, table, __doc__, (500, "of each row"), arguments)


if __name__ == "__main__":
    main()

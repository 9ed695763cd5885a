"""How far feet slide on the floor while they should rest.

    PYTHONPATH=datasets python benchmarks/foot_sliding.py

Walks of the synthetic human, seen by its four cameras with a detector's errors (see
`benchmarks/video.py`), are lifted, smoothed, and planted on the floor as files of
motion have them. Measured against the truth, over the frames at rest, in which an ankle
truly moves by less than 150 mm/s:

- sliding: way along the floor from one frame at rest to the next, mm;
- height: deviation of how high ankles at rest are over the floor, mm;
- found: share of those frames that are found; right: share of the found ones that are
  such;
- MPJPE relative to the hip and MRPE, mm; acceleration error, mm per squared frame;
- direction of the floor, degrees, and height of the camera, mm: mean errors.

The truth slides, too, as feet that roll do. Needs no data.
"""

import argparse
import json
import pathlib

import numpy as np
from synthetic_human import generate_clips
from video import with_errors

from propose_keras import LiftedPoses, Lifter
from propose_keras.inference import estimate_ground
from propose_keras.inference.foot_contacts import FEET
from propose_keras.inference.smoothing import smoothed
from propose_keras.writers.motion import make_motion, z_up

_RESTING = 150.0
_COLUMNS = (
    *("sliding", "height", "found", "right", "mpjpe", "mrpe", "acceleration"),
    *("direction", "camera"),
)


def walks(subjects, seconds, frame_rate, actions):
    """Clips of the actions, from all cameras."""
    clips = generate_clips(subjects, 1, seconds, frame_rate)
    return [clip for clip in clips if clip["action"] in actions]


def lifted(lifter, clip, frame_rate, level, seed):
    """Poses of a clip as lifted, and smoothed."""
    pose_3d = clip["pose_3d"].astype(np.float64)
    fx, fy, cx, cy = clip["intrinsics"]
    keypoints = pose_3d[..., :2] / pose_3d[..., 2:] * [fx, fy] + [cx, cy]
    if level:
        keypoints = with_errors(keypoints, level, frame_rate, seed)
    size = tuple(int(length) for length in clip["image_size"])
    poses = lifter(keypoints.astype(np.float32), "h36m17", size)
    return poses, LiftedPoses.concatenate(list(smoothed([poses])))


def measure(joints, contacts, ground, clip, frame_rate):
    """Measures of a motion.

    Args:
        joints: `(frames, 17, 3)` mm in the world of `ground`.
        contacts: `(frames, 2)` bool that were found, or None.
        ground: The floor that was found.
        clip: The truth.
        frame_rate: Frames per second.
    """
    truth = clip["pose_3d"].astype(np.float64)
    in_truth = truth @ clip["rotation"] + clip["translation"]
    speed = np.linalg.norm(np.gradient(in_truth[:, FEET], axis=0), axis=-1)
    rest = speed * frame_rate < _RESTING
    steps = np.linalg.norm(np.diff(joints[:, FEET, :2], axis=0), axis=-1)
    # In the camera's frame, in the size that was lifted.
    seen = (joints / ground.scale - [0, 0, ground.height]) @ ground.rotation
    error = seen - truth
    relative = error - error[:, :1]
    up = clip["rotation"] @ [0.0, 0.0, 1.0]
    cosine = np.clip(ground.normal @ up, -1, 1)
    found = (
        {}
        if contacts is None
        else {
            "found": (contacts & rest).sum() / rest.sum(),
            "right": (contacts & rest).sum() / max(contacts.sum(), 1),
        }
    )
    return {
        "sliding": steps[rest[1:] & rest[:-1]].mean(),
        "height": joints[:, FEET, 2][rest].std(),
        **found,
        "mpjpe": np.linalg.norm(relative, axis=-1).mean(),
        "mrpe": np.linalg.norm(error[:, 0], axis=-1).mean(),
        "acceleration": np.linalg.norm(np.diff(error, 2, axis=0), axis=-1).mean(),
        "direction": np.degrees(np.arccos(cosine)),
        "camera": abs(ground.camera_height - clip["translation"][2]),
    }


def evaluate(values):
    """Rows of the table by name, and the number of clips."""
    make = Lifter if values.model else Lifter.from_preset
    lifter = make(
        values.model or values.preset,
        num_hypotheses=values.num_hypotheses,
        batch_size=64,
        correlation_time=values.frame_rate,
    )
    rate, rows = values.frame_rate, {}
    clips = walks(
        values.subjects.split(","), values.seconds, rate, values.actions.split(",")
    )
    for number, clip in enumerate(clips):
        raw, smooth = lifted(lifter, clip, rate, values.detection_errors, number)
        for name, poses in (("as lifted", raw), ("smoothed", smooth)):
            ground = estimate_ground(poses, rate)
            joints = ground.to_world(poses.root[:, None].astype(float) + poses.mode)
            found = measure(joints, None, ground, clip, rate)
            rows.setdefault(name, []).append(found)
        motion = make_motion(
            *(smooth.mode, smooth.root, smooth.root_covariance, ground, rate)
        )
        found = measure(z_up(motion.positions), motion.contacts, ground, clip, rate)
        rows.setdefault("planted", []).append(found)
        # The truth in the place of what was lifted.
        joints = ground.scale * (
            clip["pose_3d"].astype(float) @ ground.rotation.T + [0, 0, ground.height]
        )
        rows.setdefault("truth", []).append(measure(joints, None, ground, clip, rate))
    table = {
        name: {key: float(np.mean([row[key] for row in found])) for key in found[0]}
        for name, found in rows.items()
    }
    return table, len(clips)


def main(arguments=None):
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--subjects", default="S9,S11", help="with commas")
    parser.add_argument("--actions", default="Walking", help="with commas")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--frame_rate", type=float, default=30.0)
    parser.add_argument("--num_hypotheses", type=int, default=50)
    parser.add_argument("--preset", default="propose_cmu")
    parser.add_argument("--model", help="a model.keras in place of the preset")
    parser.add_argument("--detection_errors", type=float, default=0.01)
    parser.add_argument("--output", help="JSON of the table")
    values = parser.parse_args(arguments)
    table, count = evaluate(values)
    print(f"{count} clips of {values.seconds:g} s")
    print("| | " + " | ".join(_COLUMNS) + " |")
    print("|---" * (len(_COLUMNS) + 1) + "|")
    for name, row in table.items():
        cells = [
            "" if c not in row else f"{row[c]:.2f}" if row[c] < 1 else f"{row[c]:.1f}"
            for c in _COLUMNS
        ]
        print(f"| {name} | " + " | ".join(cells) + " |")
    if values.output:
        result = {**vars(values), "table": table}
        pathlib.Path(values.output).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""Errors of poses along video clips: as they are, smoothed, and smoothed live.

    python benchmarks/video.py --data_dir=DIR --dataset=human36m/sh --clips=20
    python benchmarks/video.py --data_dir=DIR --dataset=synthetic_human/full \
        --detection_errors=0.01

Lifts clips of a built data set frame by frame and compares with the truth:

- MPJPE, MPJVE and acceleration error of the modes, relative to the hip, mm, per frame;
- ECE of the hypotheses;
- MRPE, mean distance of the root from where it is in the camera's frame, mm; error of
  the root's acceleration; share of roots within the region that should hold 90 %.

Detection errors are added to exact keypoints: normal, of that share of the person's
height in the image, half of their variance new in each frame, half lasting half a
second. Clips are drawn at random, one of each person and action before a second.
"""

import argparse
import json
import pathlib
import time

import keras
import numpy as np
from keras import ops

from propose_keras import LiftedPoses, Lifter, metrics
from propose_keras.data import load_arrays
from propose_keras.inference.smoothing import LiveSmoother, smoothed
from propose_keras.inference.trajectories import grid_of, smooth_normal

# Squared Mahalanobis distance within which 90 % of a Gaussian in space lie.
_WITHIN_90 = 6.251
_COLUMNS = (
    *("mpjpe", "pa_mpjpe", "mpjve", "acceleration", "ece", "spread"),
    *("mrpe", "root_acceleration", "root_within_90", "milliseconds"),
)


def draw_clips(arrays, count, num_frames, generator):
    """Rows of clips, `num_frames` in a row each."""
    order = generator.permutation(len(arrays.clips))
    seen: dict = {}
    for index in order:
        clip = arrays.clips[index]
        key = clip.subject, clip.action
        seen.setdefault(key, []).append(index)
    turns = [
        found[turn]
        for turn in range(max(map(len, seen.values())))
        for found in seen.values()
        if turn < len(found)
    ]
    for index in turns:
        rows = np.flatnonzero(arrays.clip_index == index)
        if len(rows) < num_frames or not count:
            continue
        first = generator.integers(len(rows) - num_frames + 1)
        count -= 1
        yield arrays.clips[index], rows[first : first + num_frames]


def with_errors(keypoints, level, frame_rate, seed):
    """Keypoints `(frames, 17, 2)` with a detector's errors, half of which last."""
    size = level * np.ptp(keypoints[..., 1], axis=1)[:, None, None]
    new = np.random.default_rng(seed).normal(size=keypoints.shape)
    times = np.arange(len(keypoints))
    seeds = np.tile(np.array([seed, 0], np.int32), (len(times), 1))
    lasting = smooth_normal(seeds, 1, 34, *grid_of(times, 0.5 * frame_rate))
    lasting = ops.convert_to_numpy(lasting).reshape(keypoints.shape)
    return keypoints + size * np.sqrt(0.5) * (new + lasting)


def measure(poses, truth):
    """Measures of a clip and the calibration levels of its joints.

    Args:
        poses: `LiftedPoses`.
        truth: `(frames, 17, 3)` mm in the camera's frame.
    """
    relative = (truth - truth[:, :1]).astype(np.float32)
    motion = _motion(poses.mode - relative)
    levels = metrics.calibration_levels(poses.hypotheses[:, :, 1:], relative[:, 1:])
    offset = (poses.root - truth[:, 0]).astype(np.float64)
    distance = np.einsum(
        "ni,nij,nj->n", offset, np.linalg.inv(poses.root_covariance), offset
    )
    return {
        "mpjpe": np.linalg.norm(poses.mode - relative, axis=-1).mean(),
        "pa_mpjpe": np.mean(metrics.pa_mpjpe(poses.mode, relative)),
        "mpjve": motion.velocity,
        "acceleration": motion.acceleration,
        "spread": poses.spread[:, 1:].mean(),
        "mrpe": np.linalg.norm(offset, axis=-1).mean(),
        "root_acceleration": _motion(offset[:, None]).acceleration,
        "root_within_90": np.mean(distance < _WITHIN_90),
    }, ops.convert_to_numpy(levels)


def _smooth(poses):
    return LiftedPoses.concatenate(list(smoothed([poses])))


def _motion(offset):
    count = len(offset)
    return metrics.motion_errors(offset, np.zeros(count, int), np.arange(count))


def evaluate(values):
    """Rows of the table by name."""
    generator = np.random.default_rng(values.seed)
    arrays = load_arrays(values.dataset, values.data_dir, values.split)
    if values.subjects:
        arrays = arrays.select(subjects=values.subjects.split(","))
    rows, levels, lifters = {}, {}, {}
    for clip, part in draw_clips(arrays, values.clips, values.frames, generator):
        keypoints = arrays.keypoints_2d[part]
        if values.detection_errors:
            seed = int(generator.integers(2**31))
            keypoints = with_errors(
                keypoints, values.detection_errors, clip.frame_rate, seed
            )
        frames = values.correlation_time * clip.frame_rate
        if frames not in lifters:
            make = Lifter if values.model else Lifter.from_preset
            lifters[frames] = make(
                values.model or values.preset,
                num_hypotheses=values.num_hypotheses,
                batch_size=64,
                correlation_time=frames,
            )
            lifters[frames](keypoints[:1], "h36m17", clip.image_size)  # Compiles.
        started = time.perf_counter()
        poses = lifters[frames](
            keypoints,
            *("h36m17", clip.image_size),
            clip.intrinsics if values.known_camera else None,
        )
        found, took = {"as lifted": poses}, [time.perf_counter() - started]
        for name, smooth in (("smoothed", _smooth), ("live", LiveSmoother())):
            started = time.perf_counter()
            found[name] = smooth(poses)
            took.append(time.perf_counter() - started)
        for (name, lifted), seconds in zip(found.items(), took):
            result, of_clip = measure(lifted, arrays.pose_3d[part])
            result["milliseconds"] = 1000 * seconds / len(part)
            rows.setdefault(name, []).append(result)
            levels.setdefault(name, []).append(of_clip)
    if not rows:
        raise SystemExit(f"No clip has {values.frames} frames.")
    table = {}
    for name, results in rows.items():
        curve = metrics.calibration_curve(np.concatenate(levels[name]))
        table[name] = {
            "ece": metrics.expected_calibration_error(curve),
            **{k: float(np.mean([r[k] for r in results])) for k in results[0]},
        }
    return table, len(next(iter(rows.values())))


def main(arguments=None):
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data_dir", required=True)
    parser.add_argument("--dataset", default="synthetic_human/full")
    parser.add_argument("--split", default="test")
    parser.add_argument("--subjects", default="", help="with commas; default: all")
    parser.add_argument("--clips", type=int, default=20)
    parser.add_argument("--frames", type=int, default=500)
    parser.add_argument("--num_hypotheses", type=int, default=50)
    parser.add_argument("--preset", default="propose_cmu")
    parser.add_argument("--model", help="a model.keras in place of the preset")
    parser.add_argument("--correlation_time", type=float, default=1.0, help="seconds")
    parser.add_argument("--detection_errors", type=float, default=0.0)
    parser.add_argument(
        "--known_camera", action="store_true", help="the lifter knows the intrinsics"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", help="JSON of the table")
    values = parser.parse_args(arguments)
    table, count = evaluate(values)
    print(f"{count} clips of {values.frames} frames, {values.dataset} {values.split}")
    print("| | " + " | ".join(_COLUMNS) + " |")
    print("|---" * (len(_COLUMNS) + 1) + "|")
    for name, row in table.items():
        cells = [f"{row[c]:.3f}" if row[c] < 1 else f"{row[c]:.1f}" for c in _COLUMNS]
        print(f"| {name} | " + " | ".join(cells) + " |")
    if values.output:
        result = {"backend": keras.backend.backend(), **vars(values), "table": table}
        pathlib.Path(values.output).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

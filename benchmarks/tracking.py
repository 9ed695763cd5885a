"""Identity switches of tracking in scenes of the synthetic human.

    PYTHONPATH=datasets python benchmarks/tracking.py --output=tracking.json

People walk to and fro in front of a camera, behind and before each other, leave the
picture and come back. Their keypoints have errors like a detector's; who is covered by
somebody nearer is often missed, some are detected twice, and the order of the people in
a frame is random. A switch is a person who, seen a frame after being seen before, has
another number. Needs nothing of a model, and no data.
"""

import argparse
import json
import pathlib

import numpy as np
from synthetic_human import generate_clips

from propose_keras.inference.sides import mended
from propose_keras.inference.tracking import PATIENCE, tracked
from propose_keras.keypoint_files import PersonKeypoints
from propose_keras.skeletons import H36M_17

SIZE, FOCAL_LENGTH, CAMERA_HEIGHT = (1280, 720), 1100.0, 1500.0
# Share of frames in which a person who is covered this far is missed.
_COVERED, _MISSED = 0.5, 0.7
_TWICE = 0.02


def walkers(num_frames, frame_rate):
    """Walks on the spot towards +x, `(takes, frames, 17, 3)` mm; z is up."""
    takes = []
    for subject in ("S1", "S5", "S6", "S7"):
        clips = generate_clips(
            [subject], 1, duration=num_frames / frame_rate, frame_rate=frame_rate
        )
        clip = next(clip for clip in clips if clip["action"] == "Walking")
        world = clip["pose_3d"] @ clip["rotation"] + clip["translation"]
        root = world[:, :1].copy()
        moved = np.gradient(root[:, 0, :2], axis=0)
        heading = np.unwrap(np.arctan2(moved[:, 1], moved[:, 0]))
        root[..., 2] = world[..., 2].min()
        takes.append(turned(world - root, -heading))
    return np.stack(takes)


def turned(poses, angles):
    """Poses turned about the vertical, by angles `(frames,)` in radians."""
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    x, y, z = np.moveaxis(poses, -1, 0)
    return np.stack([cos * x - sin * y, sin * x + cos * y, z], axis=-1)


def paths(generator, num_frames, frame_rate):
    """Where somebody walks to and fro: `(frames, 2)` mm and headings `(frames,)`."""
    speed = generator.uniform(900, 1700) / frame_rate
    half = generator.uniform(5000, 7000)  # Turns outside the picture.
    phase = (generator.uniform(0, 4 * half) + speed * np.arange(num_frames)) % (
        4 * half
    )
    back = phase >= 2 * half
    x = np.where(back, 3 * half - phase, phase - half)
    y = generator.uniform(3500, 7500) + 300 * np.sin(x / 900)
    return np.stack([x, y], axis=-1), np.where(back, np.pi, 0.0)


def scene(seed, num_people, takes, frame_rate, flip_share=0.0):
    """A scene of keypoints.

    Returns:
        List over frames of `(who, keypoints (17, 2), scores (17,), is_exchanged)`.
    """
    generator = np.random.default_rng([seed, num_people])
    num_frames = takes.shape[1]
    bodies = []
    for _ in range(num_people):
        place, heading = paths(generator, num_frames, frame_rate)
        body = turned(takes[generator.integers(len(takes))], heading)
        bodies.append(body + np.pad(place, ((0, 0), (0, 1)))[:, None])
    frames = []
    for frame in range(num_frames):
        found, nearer = [], []
        order = sorted(range(num_people), key=lambda i: bodies[i][frame, 0, 1])
        for who in order:
            x, depth, height = bodies[who][frame].T
            u = FOCAL_LENGTH * x / depth + SIZE[0] / 2
            v = FOCAL_LENGTH * (CAMERA_HEIGHT - height) / depth + SIZE[1] / 2
            exact = np.stack([u, v], axis=-1)
            box = np.concatenate([exact.min(axis=0), exact.max(axis=0)])
            covered = max([_cover(box, other) for other in nearer], default=0.0)
            nearer.append(box)
            inside = ((exact > 0) & (exact < SIZE)).all(axis=-1)
            if inside.sum() < 6:
                continue
            if covered > _COVERED and generator.random() < _MISSED:
                continue
            for _ in range(1 + (generator.random() < _TWICE)):
                scale = 0.01 * (box[3] - box[1])
                error = scale * generator.standard_normal(exact.shape)
                exchanged = generator.random() < flip_share
                keypoints = exact + error
                scores = np.where(inside, generator.uniform(0.6, 1, 17), 0.0)
                if exchanged:
                    keypoints = keypoints[list(H36M_17.flip)]
                    scores = scores[list(H36M_17.flip)]
                found.append((who, keypoints, scores, exchanged))
        frames.append([found[i] for i in generator.permutation(len(found))])
    return frames


def _cover(box, other):
    """Share of a box that another one covers."""
    sides = np.minimum(box[2:], other[2:]) - np.maximum(box[:2], other[:2])
    return np.prod(np.maximum(sides, 0)) / np.prod(box[2:] - box[:2])


def people_of(frames):
    """The scene as a detector's people; `frame` holds who it is."""
    for time, people in enumerate(frames):
        for who, keypoints, scores, exchanged in people:
            yield PersonKeypoints(
                frame=f"{who}/{int(exchanged)}",
                person=0,
                keypoints=keypoints.astype(np.float32),
                scores=scores.astype(np.float32),
                layout="h36m17",
                time=time,
            )


def evaluate(frames, frame_rate):
    """Counts of a scene: switches with and without tracking, and more."""
    last, last_place = {}, {}
    counts = dict.fromkeys(
        ("detections", "switches", "switches_untracked", "exchanged", "left", "harmed"),
        0,
    )
    for time, people in enumerate(frames):
        for place, (who, *_) in enumerate(people):
            before, when = last_place.get(who, (place, time))
            if time - when == 1:
                counts["switches_untracked"] += before != place
            last_place[who] = place, time
    for person in mended(tracked(people_of(frames), True)):
        who, exchanged = (int(part) for part in str(person.frame).split("/"))
        counts["detections"] += 1
        counts["exchanged"] += exchanged
        counts["left"] += exchanged and not person.sides_exchanged
        counts["harmed"] += person.sides_exchanged and not exchanged
        before, when = last.get(who, (person.person, person.time))
        if person.time - when <= PATIENCE:
            counts["switches"] += before != person.person
        last[who] = person.person, person.time
    counts["seconds"] = len(frames) / frame_rate
    return counts


def main(argv=None):
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num_scenes", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--flip_share", type=float, default=0.02)
    parser.add_argument("--output", type=pathlib.Path)
    arguments = parser.parse_args(argv)
    rows = []
    columns = ["people", "frame_rate", "detections", "switches", "switches_untracked"]
    columns += ["exchanged", "left", "harmed"]
    print(" | ".join(columns))
    for frame_rate in (30.0, 10.0):
        takes = walkers(int(arguments.seconds * frame_rate), frame_rate)
        for num_people in (2, 3, 5):
            total = {}
            for seed in range(arguments.num_scenes):
                frames = scene(
                    seed, num_people, takes, frame_rate, arguments.flip_share
                )
                for name, value in evaluate(frames, frame_rate).items():
                    total[name] = total.get(name, 0) + value
            rows.append({"people": num_people, "frame_rate": frame_rate, **total})
            print(" | ".join(f"{rows[-1][name]:g}" for name in columns))
    if arguments.output:
        arguments.output.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()

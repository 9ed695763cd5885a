"""Writes small keypoint files of every format, all of the same two people."""

import json
import re

import numpy as np

from propose_keras.skeletons import get_skeleton


def people(num_joints, num_frames=3):
    """`(frames, 2, J, 3)`: pixels and scores of two people."""
    rng = np.random.default_rng(num_joints)
    xy = rng.uniform(100, 900, (num_frames, 2, num_joints, 2)).round(2)
    scores = rng.uniform(0.5, 1.0, (num_frames, 2, num_joints, 1)).round(3)
    return np.concatenate([xy, scores], axis=-1)


def alphapose(values, tracks=(7, 4)):
    return [
        {
            "image_id": f"{frame}.jpg",
            "category_id": 1,
            "keypoints": person.ravel().tolist(),
            "score": 2.9,
            "idx": [float(track)],
        }
        for frame, pair in enumerate(values)
        for track, person in zip(tracks, pair)
    ]


def coco_results(values):
    return [
        {"image_id": 10 + frame, "category_id": 1, "keypoints": p.ravel().tolist()}
        for frame, pair in enumerate(values)
        for p in pair
    ]


def coco_annotations(values):
    flagged = np.concatenate([values[..., :2], np.full_like(values[..., :1], 2)], -1)
    return {
        "images": [
            {"id": 10 + f, "file_name": f"{f}.jpg", "width": 1000, "height": 800}
            for f in range(len(values))
        ],
        "annotations": [
            {"image_id": 10 + f, "keypoints": p.ravel().tolist(), "num_keypoints": 17}
            for f, pair in enumerate(flagged)
            for p in pair
        ],
    }


def mmpose_frames(values):
    return [
        {"frame_id": frame + 1, "instances": mmpose_instances(pair)}
        for frame, pair in enumerate(values)
    ]


def mmpose_instances(pair):
    return [
        {
            "keypoints": p[:, :2].tolist(),
            "keypoint_scores": p[:, 2].tolist(),
            "bbox_score": 0.9,
        }
        for p in pair
    ]


def write_openpose(folder, values, prefix="video"):
    folder.mkdir()
    for frame, pair in enumerate(values):
        people = [
            {"person_id": [-1], "pose_keypoints_2d": p.ravel().tolist()} for p in pair
        ]
        path = folder / f"{prefix}_{frame:012d}_keypoints.json"
        path.write_text(json.dumps({"version": 1.3, "people": people}))
    return folder


def write_csv(path, values):
    joints = range(values.shape[2])
    lines = ["frame,person," + ",".join(f"x{j},y{j},score{j}" for j in joints)]
    for frame, pair in enumerate(values):
        for number, person in enumerate(pair):
            numbers = ",".join(str(v) for v in person.ravel())
            lines.append(f"{frame},{number},{numbers}")
    path.write_text("\n".join(lines) + "\n")
    return path


def write_long_csv(path, values):
    """A line per joint."""
    lines = ["frame,person,joint,x,y,score"]
    for frame, pair in enumerate(values):
        for number, person in enumerate(pair):
            for joint, row in zip(names("coco17"), person.tolist()):
                lines.append(",".join(map(str, (frame, number, joint, *row))))
    path.write_text("\n".join(lines) + "\n")
    return path


def poseflow(values):
    return {
        f"{frame}.jpg": [
            {"keypoints": p.ravel().tolist(), "scores": 2.9, "idx": track}
            for track, p in enumerate(pair)
        ]
        for frame, pair in enumerate(values)
    }


def write_json(path, document):
    path.write_text(json.dumps(document))
    return path


def names(layout):
    """A layout's joints as COCO spells them: left_shoulder, nose."""
    joints = get_skeleton(layout).joint_names
    return [re.sub(r"(?<!^)(?=[A-Z])", "_", side(joint)).lower() for joint in joints]


def side(joint):
    if joint[0] in "LR" and joint[1].isupper():
        return {"L": "Left", "R": "Right"}[joint[0]] + joint[1:]
    return joint


def check(found, values, layout, frames=None, people=None):
    """Compares people with `(people, J, 3)`, and their frames and numbers."""
    found = list(found)
    assert {person.layout for person in found} == {layout}
    keypoints = np.stack([person.keypoints for person in found])
    np.testing.assert_allclose(keypoints, values[..., :2], atol=0.01)
    scores = np.stack([person.scores for person in found])
    np.testing.assert_allclose(scores, values[..., 2], atol=1e-4)
    if frames is not None:
        assert [person.frame for person in found] == list(frames)
    if people is not None:
        assert [person.person for person in found] == list(people)
    return found

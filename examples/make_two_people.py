"""Makes `two-people.json`: 20 frames of two people as a detector would see them.

    python examples/make_two_people.py

Two subjects of the synthetic human walk and phone in front of one camera. Eyes and
ears, which it lacks, are placed on the head; the keypoints of COCO's 17 joints get
errors like those of a detector: noise, a joint far off now and then, and a wrist that
is hidden for a few frames. Scores fall with the error. The file has AlphaPose's format.
"""

import json
import pathlib

import numpy as np
from synthetic_human import generate_clips

from propose_keras.data.cameras import project
from propose_keras.skeletons import COCO_17, H36M_17

OUTPUT = pathlib.Path(__file__).with_name("two-people.json")
# Position of the second person relative to where the clip has them, mm.
_ASIDE = np.array([1100.0, 0.0, 700.0])
# Eyes and ears from the nose: to the side, up and back, mm.
_EYE, _EAR = (32.0, 35.0, 20.0), (72.0, 20.0, 100.0)
_NAMES = {"LAnkle": "LFoot", "RAnkle": "RFoot"}


def coco_joints(pose):
    """Joints of `COCO_17`, `(frames, 17, 3)`, from those of `H36M_17` in space."""

    def joint(name):
        return pose[:, H36M_17.index(name)]

    def unit(vector):
        return vector / np.linalg.norm(vector, axis=-1, keepdims=True)

    nose = joint("Nose")
    left = unit(joint("LShoulder") - joint("RShoulder"))
    up = unit(joint("Head") - joint("Thorax"))
    back = unit(np.cross(left, up))
    joints = {}
    for name, (aside, above, behind) in (("Eye", _EYE), ("Ear", _EAR)):
        for side, sign in (("L", 1.0), ("R", -1.0)):
            offset = sign * aside * left + above * up + behind * back
            joints[side + name] = nose + offset
    for name in COCO_17.joint_names:
        if name not in joints:
            joints[name] = joint(_NAMES.get(name, name))
    return np.stack([joints[name] for name in COCO_17.joint_names], axis=1)


def detect(keypoints, generator):
    """Keypoints `(frames, 17, 2)` with errors, and scores `(frames, 17)`."""
    frames, joints, _ = keypoints.shape
    size = np.ptp(keypoints, axis=1).max(axis=-1)[:, None, None]
    error = 0.008 * size * generator.standard_normal(keypoints.shape)
    far = generator.random((frames, joints, 1)) < 0.01
    error += far * 0.08 * size * generator.standard_normal(keypoints.shape)
    scores = np.exp(-20 * np.linalg.norm(error / size, axis=-1))
    scores *= generator.uniform(0.85, 1.0, scores.shape)
    hidden = COCO_17.index("RWrist")
    scores[8:13, hidden] = 0.0
    return keypoints + error, scores


def main():
    """Writes the file."""
    generator = np.random.default_rng(0)
    people, camera = [], None
    for subject, action, aside in (("S9", "Walking", 0.0), ("S11", "Phoning", _ASIDE)):
        clips = generate_clips([subject], num_takes=1, duration=2.0, frame_rate=10.0)
        clip = next(c for c in clips if c["action"] == action)
        if camera is None:
            camera = clip
        joints = coco_joints(clip["pose_3d"].astype(float)) + aside
        keypoints = project(joints, camera["intrinsics"], camera["distortion"])
        people.append(detect(keypoints, generator))
    detections = [
        {
            "image_id": f"{frame:03d}.jpg",
            "category_id": 1,
            "keypoints": np.concatenate([keypoints, scores[..., None]], axis=-1)[frame]
            .ravel()
            .round(3)
            .tolist(),
            "score": round(float(scores[frame].mean()), 3),
            "idx": person,
        }
        for frame in range(20)
        for person, (keypoints, scores) in enumerate(people)
    ]
    OUTPUT.write_text(json.dumps(detections) + "\n")
    width, height = camera["image_size"]
    print(f"Wrote {OUTPUT.name}: images of {width}x{height}.")


if __name__ == "__main__":
    main()

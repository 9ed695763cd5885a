"""Clips as the cameras see them: the examples of the data set."""

import collections.abc

import numpy as np

from propose_keras.data.synthetic.families import ACTIONS
from propose_keras.data.synthetic.motion import synthesize_motion
from propose_keras.data.synthetic.scene import synthesize_cameras


def generate_clips(
    subjects: collections.abc.Sequence[str],
    num_takes: int = 2,
    duration: float = 12.0,
    frame_rate: float = 10.0,
    seed: int = 0,
) -> collections.abc.Iterator[dict]:
    """Generates every action and take of some subjects from all four cameras.

    A clip depends on its subject, action, take and `seed` only, not on which others
    are generated with it.

    Args:
        subjects: Names among `SUBJECTS`.
        num_takes: Takes of each action.
        duration: Length of a clip, seconds.
        frame_rate: Frames per second.
        seed: Seed of the whole data set.

    Yields:
        Examples with the features of `propose_keras.data.features.clip_features`.
    """
    for subject in subjects:
        cameras = synthesize_cameras(subject, seed)
        for action in ACTIONS:
            for take in range(1, num_takes + 1):
                world = synthesize_motion(
                    subject, action, take, seed, duration, frame_rate
                )
                for camera in cameras:
                    pose_3d = camera.from_world(world)
                    yield {
                        "pose_3d": pose_3d.astype(np.float32),
                        "keypoints_2d": camera.project(pose_3d).astype(np.float32),
                        "subject": subject,
                        "action": action,
                        "take": str(take),
                        "camera": camera.name,
                        "frame_rate": np.float32(frame_rate),
                        "image_size": np.array(camera.image_size, np.int32),
                        "intrinsics": camera.intrinsics.astype(np.float32),
                        "distortion": camera.distortion.astype(np.float32),
                        "rotation": camera.rotation.astype(np.float32),
                        "translation": camera.translation.astype(np.float32),
                    }

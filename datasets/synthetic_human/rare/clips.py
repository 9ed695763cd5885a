"""Clips of rare poses as virtual cameras see them."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from propose_keras.data.building import clip_example
from propose_keras.data.building.virtual_cameras import VirtualCameras, sample_cameras

from ..kinematics import forward
from .bodies import draw_person
from .motion import synthesize_poses
from .routines import ROUTINES

# Every so many people, one is for testing.
_TEST_EVERY = 5
# Cameras: some near the floor, where people lie.
_CAMERAS = {"distance_mm": (2500.0, 7000.0), "height_mm": (300.0, 2600.0)}
# Keep draws of people and of cameras apart from those of motion.
_PERSON, _MOTION = 1, 2


def list_people(split: str, num_people: int) -> list[str]:
    """Names of the people of a split, `train` or `test`; every fifth is for testing."""
    return [
        f"P{number:05d}"
        for number in range(1, num_people + 1)
        if (number % _TEST_EVERY == 0) == (split == "test")
    ]


def make_examples(
    subject: str, duration: float, frame_rate: float, seed: int, num_cameras: int
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Generates every routine by a person and films it.

    Clips are a function of the arguments alone, whatever others are generated.

    Args:
        subject: Who, such as P00012.
        duration: Length of a clip, seconds.
        frame_rate: Frames per second.
        seed: Seed of the whole data set.
        num_cameras: Cameras around the person, drawn for each clip.

    Yields:
        Key and example with the features of `building.clip_features`.
    """
    number = int(subject[1:])
    person = draw_person(np.random.default_rng([seed, _PERSON, number]))
    rngs = [
        np.random.default_rng([seed, _MOTION, number, routine])
        for routine in range(len(ROUTINES))
    ]
    poses = synthesize_poses(person, ROUTINES, rngs, duration, frame_rate)
    settings = VirtualCameras(count=num_cameras, seed=seed, **_CAMERAS)
    for routine, pose in zip(ROUTINES, poses):
        world = forward(person.body, pose)
        name = f"{subject}/{routine}/1"
        for camera in sample_cameras(world, name, settings):
            example = clip_example(
                camera,
                camera.from_world(world),
                subject=subject,
                action=routine,
                take="1",
                frame_rate=frame_rate,
            )
            yield f"{name}/{camera.name}", example

"""Clips as the cameras see them: the examples of the data set."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from propose_keras.data.building import clip_example

from .families import ACTIONS
from .motion import synthesize_motion
from .scene import synthesize_cameras


class Take(NamedTuple):
    """One performance: `subject`, `action` and the number of the `take`, from 1."""

    subject: str
    action: str
    take: int


def list_takes(subjects: Sequence[str], num_takes: int) -> list[Take]:
    """Every action and take of some subjects, among `SUBJECTS`."""
    return [
        Take(subject, action, take)
        for subject in subjects
        for action in ACTIONS
        for take in range(1, num_takes + 1)
    ]


def make_examples(
    take: Take, duration: float, frame_rate: float, seed: int
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Generates a performance and films it from all four cameras.

    A clip is a function of the arguments alone, whatever others are generated.

    Args:
        take: What is performed.
        duration: Length of the clip, seconds.
        frame_rate: Frames per second.
        seed: Seed of the whole data set.

    Yields:
        Key and example with the features of `building.clip_features`.
    """
    subject, action, number = take
    world = synthesize_motion(subject, action, number, seed, duration, frame_rate)
    for camera in synthesize_cameras(subject, seed):
        example = clip_example(
            camera,
            camera.from_world(world),
            subject=subject,
            action=action,
            take=str(number),
            frame_rate=frame_rate,
        )
        yield f"{subject}/{action}/{number}/{camera.name}", example


def generate_clips(
    subjects: Sequence[str],
    num_takes: int = 2,
    duration: float = 12.0,
    frame_rate: float = 10.0,
    seed: int = 0,
) -> Iterator[Mapping[str, Any]]:
    """Generates every action and take of some subjects from all four cameras.

    Args:
        subjects: Names among `SUBJECTS`.
        num_takes: Takes of each action.
        duration: Length of a clip, seconds.
        frame_rate: Frames per second.
        seed: Seed of the whole data set.

    Yields:
        Examples with the features of `building.clip_features`.
    """
    for take in list_takes(subjects, num_takes):
        for _, example in make_examples(take, duration, frame_rate, seed):
            yield example

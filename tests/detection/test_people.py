import itertools

import numpy as np
import pytest

from propose_keras.detection import (
    DetectionError,
    Frame,
    Frames,
    detect,
    make_detector,
)
from propose_keras.keypoint_files import KeypointFileError


class Pictures(Frames):
    name = "pictures"

    def __init__(self, sizes):
        self.sizes = sizes
        self.num_frames = len(sizes)
        self.size = (99, 99)

    size = None

    def __iter__(self):
        for number, (width, height) in enumerate(self.sizes):
            yield Frame(10 * number, np.zeros((height, width, 3), np.uint8), number / 9)


class InBatches:
    """Sees as many people as the place of the frame says, several frames at once."""

    layout = "coco17"

    def __init__(self, batch_size=1, num_people=lambda frame: frame.name // 10):
        self.batch_size, self.num_people = batch_size, num_people
        self.seen = 0

    def __call__(self, frames):
        frames = iter(frames)
        while batch := list(itertools.islice(frames, self.batch_size)):
            self.seen += len(batch)
            for frame in batch:
                count = self.num_people(frame)
                keypoints = np.arange(count * 34.0).reshape(count, 17, 2)
                yield keypoints + frame.size[0], np.full((count, 17), 0.5)


@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_people_of_frames(batch_size):
    pictures = Pictures([(640, 480), (320, 240), (100, 50), (200, 150)])
    people = list(detect(pictures, InBatches(batch_size)))
    found = [(p.frame, p.person, p.image_size) for p in people]
    assert found == [
        (10, 0, (320.0, 240.0)),
        *[(20, person, (100.0, 50.0)) for person in range(2)],
        *[(30, person, (200.0, 150.0)) for person in range(3)],
    ]
    assert people[2].keypoints[0].tolist() == [134.0, 135.0]
    assert {p.layout for p in people} == {"coco17"}


def test_frames_are_read_when_they_are_wanted():
    detector = InBatches(num_people=lambda frame: 1)
    people = detect(Pictures([(10, 10)] * 1000), detector)
    for _ in range(3):
        next(people)
    assert detector.seen == 3


def test_nobody():
    detector = InBatches(num_people=lambda frame: 0)
    with pytest.raises(DetectionError, match="nobody in any of its 3 pictures"):
        list(detect(Pictures([(10, 10)] * 3), detector))
    with pytest.raises(DetectionError, match="nobody in it"):
        list(detect(Pictures([(10, 10)]), detector))


def test_detectors_of_others_are_checked():
    class Wrong:
        layout = "coco17"

        def __call__(self, frames):
            for _ in frames:
                yield np.zeros((1, 17, 2)), np.full((1, 17), 55.0)

    with pytest.raises(KeypointFileError, match="pictures, frame 0, person 0: the sco"):
        list(detect(Pictures([(10, 10)]), Wrong()))


def test_unknown_detectors():
    with pytest.raises(ValueError, match="no detector 'yolo'. Known are mediapipe"):
        make_detector("yolo")
    with pytest.raises(ValueError, match="`max_people` must be at least 1"):
        make_detector("mediapipe", max_people=0)

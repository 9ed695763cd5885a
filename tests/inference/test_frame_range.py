"""Parts of keypoints, pictures and videos."""

import pathlib

import numpy as np
import pytest

from propose_keras.detection import Frame, Frames
from propose_keras.detection.images import ImageFrames
from propose_keras.inference import FrameRange
from propose_keras.keypoint_files import people_of_array

VALUES = np.full((10, 17, 3), 1.0)


def people(frames, read=None):
    for person in people_of_array(
        "a", VALUES[: len(frames)], None, "coco17", None, frames
    ):
        if read is not None:
            read.append(person.frame)
        yield person


class Video(Frames):
    name, rate = "a.mp4", 25.0

    def __init__(self, numbers):
        self.num_frames, self.numbers, self.read = len(numbers), numbers, []

    @property
    def size(self):
        return 4, 3

    def __iter__(self):
        for number in self.numbers:
            self.read.append(number)
            yield Frame(number, np.zeros((3, 4, 3), np.uint8))


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [(2, 5, [2, 3, 4]), (0, 2, [0, 1]), (7, None, [7, 8, 9]), (4, 90, [4, 6, 8])],
)
def test_people_between(start, stop, expected):
    numbers = list(range(10)) if expected != [4, 6, 8] else [0, 2, 4, 6, 8]
    read = []
    names = [f"walk_2_{number:06d}.jpg" for number in numbers]
    found = list(FrameRange(start, stop).people(people(names, read)))
    assert [person.time for person in found] == expected
    assert [person.frame for person in found] == [
        f"walk_2_{n:06d}.jpg" for n in expected
    ]
    # One beyond tells that the end is reached.
    assert len(read) == len(numbers) if stop in (None, 90) else len(read) == stop + 1


def test_everybody_of_a_frame():
    twice = [*people([3, 4]), *people([4, 5])]
    twice.sort(key=lambda person: person.frame)
    assert len(list(FrameRange(4, 5).people(iter(twice)))) == 2


def test_videos_between():
    video = Video([0, 1, 2, 4, 5, 6, 7])
    part = FrameRange(2, 6).pictures(video)
    assert (part.size, part.rate, part.can_be_reread) == ((4, 3), 25.0, True)
    assert [frame.name for frame in part] == [2, 4, 5] == [frame.name for frame in part]
    assert video.read == 2 * [0, 1, 2, 4, 5]
    assert part.num_frames == 4
    assert FrameRange(2).pictures(video).num_frames == 5
    assert not hasattr(part, "stop")
    video.stop = lambda: 7
    assert FrameRange(2).pictures(video).stop() == 7


def test_pictures_between_are_not_opened(tmp_path):
    files = [tmp_path / f"{number}.jpg" for number in (1, 2, 10, 20)]
    part = FrameRange(2, 20).pictures(ImageFrames(files, "pictures"))
    assert (part.files, part.names, part.num_frames) == (files[1:3], ["2", "10"], 2)
    files = [tmp_path / name for name in ("a.jpg", "b.jpg", "b.png")]
    part = FrameRange(1).pictures(ImageFrames(files, "pictures"))
    assert part.names == ["b.jpg", "b.png"]


def test_empty_ranges():
    for start, stop in ((5, 5), (5, 2), (-1, 3)):
        with pytest.raises(ValueError, match=rf"no frame in {start}:{stop}: expected"):
            FrameRange(start, stop)
    with pytest.raises(ValueError, match="nobody in the frames 5:9: .* is 0, .* 3"):
        list(FrameRange(5, 9).people(people([0, 1, 2, 3])))
    with pytest.raises(ValueError, match="a.mp4 has no frame in 5:: .* is 0, .* 3"):
        list(FrameRange(5).pictures(Video([0, 1, 2, 3])))
    with pytest.raises(ValueError, match="dir has no picture in 3:4: .* is 7, .* 7"):
        FrameRange(3, 4).pictures(ImageFrames([pathlib.Path("7.jpg")], "dir"))

"""Videos with the pictures that people were found in."""

import dataclasses

import numpy as np
import pytest
from lifted_poses import lifted_poses

from propose_keras.detection import Frame, Frames
from propose_keras.writers import open_writer
from propose_keras.writers.frame_painter import FramePainter
from propose_keras.writers.source_pictures import without_gaps
from propose_keras.writers.video import VideoWriter

pytest.importorskip("matplotlib")
pytest.importorskip("imageio_ffmpeg")

# Of the pictures; green and grey stripes.
WIDTH, HEIGHT = 320, 240


class Pictures(Frames):
    name, rate, size = "pictures", 10.0, (WIDTH, HEIGHT)

    def __init__(self, names, size=(WIDTH, HEIGHT)):
        self.names, self._shape = names, size[::-1]

    def __iter__(self):
        for place, name in enumerate(self.names):
            image = np.full((*self._shape, 3), 100, np.uint8)
            image[: self._shape[0] // 2] = 0, 200 - place, 0
            yield Frame(name, image)


@pytest.fixture
def lifted(standing):
    def make(*names):
        count = len(names)
        mode = np.tile(standing, (count, 1, 1)).astype("float32")
        keypoints = (mode[..., :2] / 10 + [160, 120]).astype("float32")
        return lifted_poses(mode, names, keypoints=keypoints)

    return make


@pytest.fixture
def drawn(monkeypatch):
    """What is drawn: captions, numbers of people, and the drawings."""
    steps = []
    draw = FramePainter.draw

    def noted(self, caption, people, picture=None):
        drawing = draw(self, caption, people, picture)
        steps.append((caption, len(people), drawing.copy()))
        return drawing

    monkeypatch.setattr(FramePainter, "draw", noted)
    return steps


def write(path, poses, frames, **options):
    with VideoWriter(path, size=(640, 360), frames=frames, **options) as writer:
        writer.write(poses)
    return writer


def green(drawing):
    red, green, blue = np.moveaxis(drawing[..., :3].astype(int), -1, 0)
    return (green - np.maximum(red, blue)) > 150


def test_keypoints_lie_over_the_picture(tmp_path, lifted, drawn):
    write(tmp_path / "a.mp4", lifted(0), Pictures([0]))
    drawing = drawn[0][2]
    rows, columns = (np.flatnonzero(green(drawing).any(axis=a)) for a in (1, 0))
    # The upper half of a picture of 320 x 240, in half of the width but for the gaps.
    assert np.ptp(columns) / np.ptp(rows) == pytest.approx(WIDTH / HEIGHT * 2, rel=0.03)
    assert 280 < np.ptp(columns) < 330
    # Bones and their outline, up to the head of 120 + 24 pixels above the hip.
    hidden = ~green(drawing)[rows[0] : rows[-1], columns[0] : columns[-1]]
    assert 0.001 < hidden.mean() < 0.1
    middle = np.flatnonzero(hidden.any(axis=0)).mean() / np.ptp(columns)
    assert middle == pytest.approx(0.5, abs=0.05)


def test_frames_without_people_are_shown_too(tmp_path, lifted, drawn):
    writer = write(tmp_path / "a.mp4", lifted(1, 3), Pictures(range(5)))
    assert [step[:2] for step in drawn] == [
        *[("0", 0), ("1", 1), ("2", 0), ("3", 1), ("4", 0)]
    ]
    assert writer.num_frames == 5
    assert writer.omissions == []
    assert (drawn[0][2] != drawn[2][2]).any()  # Each has its picture.


def test_gaps_keep_the_frame_before(tmp_path, lifted, drawn):
    """Of a variable rate."""
    write(tmp_path / "a.mp4", lifted(0, 3), Pictures([0, 1, 3, 6]))
    assert [step[0] for step in drawn] == ["0", "1", "1", "3", "3", "3", "6"]
    assert (drawn[1][2] == drawn[2][2]).all()
    names = [frame.name for frame in without_gaps(Pictures(["a", "c", "d"]))]
    assert names == ["a", "c", "d"]


def test_pictures_of_several_sizes(tmp_path, lifted, drawn):
    """A small one fills a part of the panel."""
    write(tmp_path / "a.mp4", lifted("x"), Pictures(["x"], size=(160, 120)))
    columns = np.flatnonzero(green(drawn[0][2]).any(axis=0))
    assert 140 < np.ptp(columns) < 165


def test_a_long_source_is_cut(tmp_path, lifted, drawn):
    writer = write(tmp_path / "a.mp4", lifted(0, 9), Pictures(range(12)), max_frames=4)
    assert [step[0] for step in drawn] == ["0", "1", "2", "3"]
    assert writer.num_frames == 4
    assert "ends after 4 frames" in writer.omissions[0]


def test_a_camera_cannot_be_shown_again(tmp_path, lifted, drawn):
    pictures = Pictures(range(3))
    pictures.can_be_reread = False
    write(tmp_path / "a.mp4", lifted(1), pictures)
    assert [step[:2] for step in drawn] == [("1", 1)]
    assert not green(drawn[0][2]).any()


def test_a_source_that_ends_early_leaves_nothing(tmp_path, lifted):
    class Broken(Pictures):
        def __iter__(self):
            yield from super().__iter__()
            raise ValueError("a damaged picture")

    with pytest.raises(ValueError, match="a damaged picture"):
        write(tmp_path / "a.mp4", lifted(0), Broken([0]))
    assert list(tmp_path.iterdir()) == []


def test_other_writers_do_without(tmp_path, lifted):
    with open_writer(tmp_path / "a.npz", frames=Pictures([0])) as writer:
        writer.write(dataclasses.replace(lifted(0)))
    assert (tmp_path / "a.npz").exists()

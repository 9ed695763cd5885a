import dataclasses
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from lifted_poses import lifted_poses

from propose_keras.inference import LiftedPoses
from propose_keras.skeletons import H36M_17
from propose_keras.writers.person_artists import VIEWS, project
from propose_keras.writers.video import VideoWriter

pytest.importorskip("matplotlib")
imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
Image = pytest.importorskip("PIL.Image")
ndimage = pytest.importorskip("scipy.ndimage")

SIZE = (640, 360)
# Of videos of square images: the 2D panel, and the views.
IMAGE_SIZE = (400, 400)
LEFT, VIEWS_AREA = np.s_[60:300, 20:250], np.s_[30:330, 272:630]


@pytest.fixture
def lifted(standing):
    """Makes people who wave: a row per pair of frame and person."""

    def make(pairs, num_hypotheses=3):
        n = len(pairs)
        rng = np.random.default_rng(0)
        mode = np.tile(standing, (n, 1, 1)).astype("float32")
        wave = 60.0 * np.arange(n)
        mode[:, H36M_17.index("LWrist"), 0] += wave
        noise = rng.normal(0, 60, (n, num_hypotheses, 17, 3))
        people = np.array([person for _, person in pairs], int)
        keypoints = mode[..., :2] / 10 + np.stack([200 + 60 * people] * 2, -1)[:, None]
        names = [frame for frame, _ in pairs]
        return lifted_poses(
            mode,
            names,
            frame=np.array([list(dict.fromkeys(names)).index(name) for name in names]),
            person=people,
            hypotheses=(mode[:, None] + noise).astype("float32"),
            keypoints=keypoints.astype("float32"),
        )

    return make


def write(path, *batches, size=SIZE, **kwargs):
    with VideoWriter(path, size=size, **kwargs) as writer:
        for batch in batches:
            writer.write(batch)
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    frames, rate = read(path)
    assert frames.shape[1:] == (size[1], size[0], 3)
    assert len(frames) == writer.num_frames
    return writer, frames, rate


def read(path):
    """Frames `(n, height, width, 3)`, and how many are shown in a second."""
    if path.suffix == ".gif":
        frames, durations = [], []
        with Image.open(path) as image:
            assert image.info["loop"] == 0
            for index in range(image.n_frames):
                image.seek(index)
                frames.append(np.array(image.convert("RGB")))
                durations.append(image.info["duration"])
        return np.stack(frames), 1000 / np.mean(durations)
    program = [imageio_ffmpeg.get_ffmpeg_exe(), "-i", path]
    program += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    found = subprocess.run(program, capture_output=True, check=True)
    about = re.search(
        r"Video: h264 .*yuv420p.*?, (\d+)x(\d+).*?([\d.]+) fps", found.stderr.decode()
    )
    shape = -1, int(about[2]), int(about[1]), 3
    return np.frombuffer(found.stdout, np.uint8).reshape(shape), float(about[3])


def blue(frame):
    """Where left bones are."""
    red, _, blue = np.moveaxis(frame.astype(int), -1, 0)
    return blue - red > 70


def orange(frame):
    """Where right bones are."""
    return blue(frame[..., ::-1])


@pytest.mark.parametrize("name", ["a.mp4", "b.GIF", "c.gif"])
@pytest.mark.parametrize("rate", [12.5, 30])
def test_one_picture_per_frame(tmp_path, lifted, name, rate):
    path = tmp_path / name.lower()
    poses = lifted([(f"{i}.jpg", 0) for i in range(9)])
    writer, frames, found = write(path, poses, frame_rate=rate)
    assert writer.num_frames == 9
    assert writer.omissions == []
    assert found == pytest.approx(rate, rel=0.02)
    for before, after in zip(frames, frames[1:]):
        moved = np.abs(before.astype(int) - after).max(axis=-1) > 60
        assert 0.0005 < moved.mean() < 0.1
    for color in (blue, orange):
        assert color(frames[0]).mean() > 0.001
    # White paper is white, in a gif's palette too.
    assert (frames[0][2:6, -6:-2] >= 253).all()


def test_panels_move_with_what_they_show(tmp_path, lifted):
    still = lifted([(i, 0) for i in range(2)])
    still = LiftedPoses.concatenate([still.take(0), still.take(0)])
    times = np.arange(2)
    still = dataclasses.replace(still, frame=times, frame_name=["a", "a "])
    path = tmp_path / "a.gif"
    _, frames, _ = write(path, still, image_size=IMAGE_SIZE)
    assert (frames[0] == frames[1]).all()
    for field, changed, kept in (
        ("keypoints", LEFT, VIEWS_AREA),
        ("mode", VIEWS_AREA, LEFT),
        ("hypotheses", VIEWS_AREA, LEFT),
    ):
        value = getattr(still, field).copy()
        value[1, ..., 0] *= 1.1
        path.unlink()
        moved = dataclasses.replace(still, **{field: value})
        _, frames, _ = write(path, moved, image_size=IMAGE_SIZE)
        assert (frames[0][changed] != frames[1][changed]).any()
        assert (frames[0][kept] == frames[1][kept]).all()


@pytest.mark.parametrize("degrees", [30, 210])
def test_left_and_right_have_their_colors(tmp_path, lifted, degrees):
    """Whatever is nearer."""
    poses = lifted([(0, 0)])
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    x, y, z = np.moveaxis(poses.mode, -1, 0)
    mode = np.stack([cos * x + sin * z, y, cos * z - sin * x], axis=-1)
    poses = dataclasses.replace(poses, mode=mode, hypotheses=mode[:, None])
    _, frames, _ = write(tmp_path / "a.gif", poses, image_size=IMAGE_SIZE)
    view = frames[0][VIEWS_AREA][:, :150]
    left, right = (np.flatnonzero(f(view).any(axis=0)) for f in (blue, orange))
    if degrees > 90:
        left, right = right, left
    assert left.min() > right.max() - 6
    assert min(len(left), len(right)) > 15


def test_a_fan_of_twenty(tmp_path, lifted):
    many = lifted([(0, 0)], num_hypotheses=50)
    path = tmp_path / "a.gif"
    _, expected, _ = write(path, many.take(0, 20), image_size=IMAGE_SIZE)
    path.unlink()
    _, frames, _ = write(path, many, image_size=IMAGE_SIZE)
    np.testing.assert_array_equal(frames, expected)
    path.unlink()
    _, fewer, _ = write(path, many.take(0, 3), image_size=IMAGE_SIZE)

    def green(frame):
        red, green, _ = np.moveaxis(frame[VIEWS_AREA].astype(int), -1, 0)
        return (green - red > 15).mean()

    assert green(frames[0]) > 1.5 * green(fewer[0])


def test_batches_do_not_show(tmp_path, lifted):
    """Not even within a frame."""
    poses = lifted([(i, person) for i in range(3) for person in (4, 7)])
    path = tmp_path / "a.gif"
    _, expected, _ = write(path, poses)
    assert len(expected) == 3
    rows = [poses.take(row) for row in range(6)]
    batches = rows[:3], rows[3:4], rows[4:]
    path.unlink()
    empty = lifted([])
    batches = [LiftedPoses.concatenate(batch) for batch in batches]
    _, frames, _ = write(path, batches[0], empty, *batches[1:], empty)
    np.testing.assert_array_equal(frames, expected)


def test_people_keep_their_panels(lifted, tmp_path, drawn):
    """The first four, and who comes takes the place of who went."""
    groups = [[1, 2, 3], [3, 2, 5], [9, 8, 3, 2, 5, 7], [9, 8], [1, 2, 3, 4, 8]]
    poses = lifted([(f"f{i}", p) for i, group in enumerate(groups) for p in group])
    write(tmp_path / "a.gif", poses)
    (painter,) = drawn
    assert painter.num_slots == 4
    frames = [(c, {p.name: p.slot for p in people}) for c, people in painter.frames]
    assert frames == [
        ("f0", {"1": 0, "2": 1, "3": 2}),
        ("f1", {"3": 2, "2": 1, "5": 0}),
        ("f2   + 2 more people", {"9": 3, "3": 2, "2": 1, "5": 0}),
        ("f3", {"9": 3, "8": 0}),
        ("f4   + 1 more person", {"1": 1, "2": 2, "3": 3, "8": 0}),
    ]


def placed(poses, places):
    """People at roots by their number, mm."""
    root = np.array([places[person] for person in poses.person.tolist()], "float32")
    spread = np.repeat(root[:, None], poses.hypotheses.shape[1], axis=1)
    return dataclasses.replace(poses, root=root, root_hypotheses=spread)


@pytest.fixture
def drawn(monkeypatch):
    """What painters are given: their options, and the people of each frame."""
    painters = []

    class Painter:
        def __init__(self, size, num_slots, *_, **options):
            self.size, self.num_slots, self.options = size, num_slots, options
            self.frames = []
            painters.append(self)

        def draw(self, caption, people, picture=None):
            self.frames.append((caption, people))
            return np.zeros((*self.size[::-1], 4), np.uint8)

    monkeypatch.setattr("propose_keras.writers.video.FramePainter", Painter)
    return painters


def panels_of(frame, gap=0):
    """Slices of what is drawn on gray paper, from left to right, parted by a gap."""
    paper = np.abs(frame.astype(int) - 244).max(axis=-1) < 3
    if gap:  # Lines of floors part the paper, too.
        paper = ndimage.binary_dilation(paper, iterations=gap)
    labels, _ = ndimage.label(paper)
    large = np.bincount(labels.ravel()) > 10_000
    large[0] = False
    panels = ndimage.find_objects(np.where(large[labels], labels, 0))
    found = [panel for panel in panels if panel is not None]
    return sorted(found, key=lambda panel: panel[1].start)


def test_people_in_one_scene(tmp_path, lifted):
    """From before, who is to the right; from above, who is farther away too."""
    places = {4: (-800, 100, 3000), 7: (900, 100, 5500)}
    poses = placed(lifted([(0, 4), (0, 7)]), places)
    _, frames, _ = write(tmp_path / "a.gif", poses, size=(1280, 720))
    _, before, above = panels_of(frames[0], gap=3)

    def quarters(panel):
        """Whether somebody is at the top left, top right, bottom left, bottom right."""
        there = orange(frames[0][panel])
        middle = np.array(there.shape) // 2
        halves = np.split(there, [middle[0]])
        parts = [part for half in halves for part in np.split(half, [middle[1]], 1)]
        return [bool(part.sum() > 10) for part in parts]

    assert quarters(before)[2:] == [True, True]
    assert quarters(above) == [False, True, True, False]


def test_scenes_have_places_for_many_and_trails(tmp_path, lifted, drawn):
    pairs = [(frame, person) for frame in (0, 1, 2, 80) for person in range(18)]
    places = {person: (100 * person, 0, 4000) for person in range(18)}
    poses = placed(lifted(pairs), places)
    poses.root[:, 0] += poses.frame
    write(tmp_path / "a.gif", poses)
    (painter,) = drawn
    assert painter.num_slots == 16
    assert painter.options["floor"] == pytest.approx(840)
    captions = [caption for caption, _ in painter.frames]
    assert captions == [f"{name}   + 2 more people" for name in (0, 1, 2, 80)]
    person = painter.frames[2][1][3]
    np.testing.assert_array_equal(person.root, [302, 0, 4000])
    np.testing.assert_allclose(person.trail, [[300 + i, 840, 4000] for i in range(3)])


def test_people_who_are_not_placed_or_alone_have_panels(tmp_path, lifted, drawn):
    poses = placed(lifted([(0, 1), (0, 2), (1, 1)]), {1: (0, 0, 4e3), 2: (9, 0, 4e3)})
    write(tmp_path / "a.gif", poses.subset([0, 2]))
    (tmp_path / "a.gif").unlink()
    poses.root[2] = np.nan
    write(tmp_path / "a.gif", poses)
    assert [painter.options["floor"] for painter in drawn] == [None, None]
    assert [person.root.tolist() for person in drawn[1].frames[0][1]] == [[0] * 3] * 2


def test_hypotheses_without_hips_are_around_the_thorax(tmp_path, lifted, drawn):
    poses = lifted([(0, 0), (1, 0)])
    poses.missing[1, 0] = True
    write(tmp_path / "a.gif", poses)
    seen, unseen = (people[0] for _, people in drawn[0].frames)
    np.testing.assert_array_equal(seen.hypotheses, poses.hypotheses[0])
    thorax = H36M_17.index("Thorax")
    offsets = unseen.hypotheses[:, thorax] - unseen.mode[thorax]
    np.testing.assert_allclose(offsets, 0, atol=1e-3)
    shape = unseen.hypotheses - unseen.hypotheses[:, :1]
    expected = poses.hypotheses[1] - poses.hypotheses[1][:, :1]
    np.testing.assert_allclose(shape, expected, atol=1e-3)


@pytest.mark.parametrize("num_people", [1, 2, 3, 4])
def test_everyone_has_a_panel(tmp_path, lifted, num_people):
    """The 2D input and two views for each, in all of which there is a right leg."""
    poses = lifted([("$x_1.jpg", person) for person in range(num_people)])
    path = tmp_path / "a.gif"
    _, frames, _ = write(path, poses, size=(1280, 720), image_size=IMAGE_SIZE)
    panels = panels_of(frames[0])
    assert len(panels) == 1 + 2 * num_people
    assert all(orange(frames[0][panel]).sum() > 30 for panel in panels)


def test_limits_stay(tmp_path, lifted):
    """Who stands still is drawn in the same place when another frame is larger."""
    poses = lifted([(i, 0) for i in range(3)])
    mode = np.stack([poses.mode[0]] * 3)
    mode[1] *= 1.4
    poses = dataclasses.replace(
        poses,
        frame=np.arange(3),
        frame_name=["a", "b", "a "],
        mode=mode,
        hypotheses=np.stack([poses.hypotheses[0]] * 3),
        keypoints=np.stack([poses.keypoints[0]] * 3),
    )
    _, frames, _ = write(tmp_path / "a.gif", poses)
    assert (frames[0] == frames[2]).all()
    assert (frames[0] != frames[1]).any()


def test_missing_joints_are_hollow(tmp_path, lifted):
    poses = lifted([(0, 0)])
    path = tmp_path / "a.gif"
    _, measured, _ = write(path, poses, image_size=IMAGE_SIZE)
    path.unlink()
    poses = dataclasses.replace(poses, missing=~poses.missing)
    _, filled, _ = write(path, poses, image_size=IMAGE_SIZE)
    # The panel is gray, what is hollow has white in it.
    white = [(x[0][LEFT] > 252).all(axis=-1).sum() for x in (measured, filled)]
    assert white[0] == 0
    assert white[1] >= 17


def test_image_size_is_what_the_panel_shows(tmp_path, lifted):
    poses = lifted([(0, 0)])
    path, heights = tmp_path / "a.gif", []
    for image_size in ((400, 400), (800, 800)):
        _, frames, _ = write(path, poses, image_size=image_size)
        heights.append(np.ptp(np.flatnonzero(blue(frames[0][LEFT]).any(axis=1))))
        path.unlink()
    assert heights[0] == pytest.approx(2 * heights[1], abs=4)
    assert heights[1] > 20


def test_max_frames(tmp_path, lifted):
    poses = lifted([(i // 2, i % 2) for i in range(14)])
    path = tmp_path / "a.mp4"
    writer, _, _ = write(path, poses, max_frames=7)
    assert (writer.num_frames, writer.omissions) == (7, [])
    writer, frames, _ = write(path, poses, max_frames=4)
    assert writer.num_frames == 4
    assert "leaves out 3 frames" in writer.omissions[0]
    assert len(frames) == 4


@pytest.mark.parametrize("name", ["a.mp4", "a.gif"])
def test_failure_leaves_everything_as_it_was(tmp_path, lifted, name, monkeypatch):
    path = tmp_path / name
    for existing in (False, True):
        if existing:
            path.write_text("from before")
        with pytest.raises(ZeroDivisionError), VideoWriter(path) as writer:
            writer.write(lifted([(0, 0)]))
            raise ZeroDivisionError
        assert [p.name for p in tmp_path.iterdir()] == [name] * existing
    # While it is drawn.
    calls = []

    def draw(self, caption, people, picture=None):
        calls.append(caption)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return np.zeros((*SIZE[::-1], 4), np.uint8)

    monkeypatch.setattr("propose_keras.writers.frame_painter.FramePainter.draw", draw)
    with pytest.raises(KeyboardInterrupt), VideoWriter(path, size=SIZE) as writer:
        writer.write(lifted([(0, 0), (1, 0), (2, 0)]))
    assert calls == ["0", "1"]
    assert [p.name for p in tmp_path.iterdir()] == [name]
    assert path.read_text() == "from before"


@pytest.mark.skipif(os.name != "posix", reason="needs a shell script as a program")
def test_an_ffmpeg_that_fails_is_told(tmp_path, lifted, monkeypatch):
    program = tmp_path / "ffmpeg"
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(program))
    for reads in ("cat > /dev/null", ":"):
        program.write_text(f"#!/bin/sh\n{reads}\necho disk full >&2\nexit 3\n")
        program.chmod(0o755)
        writer = VideoWriter(tmp_path / "a.mp4", size=SIZE)
        with pytest.raises(OSError, match="exit code 3: disk full"), writer:
            writer.write(lifted([(0, 0), (1, 0)]))
        assert list(tmp_path.iterdir()) == [program]


def test_mistakes_are_told(tmp_path, lifted):
    with pytest.raises(ValueError, match=r"ends in .mp4 or .gif, not 'a.avi'"):
        VideoWriter(tmp_path / "a.avi")
    path = tmp_path / "a.mp4"
    for wrong in ({"frame_rate": 0}, {"frame_rate": np.inf}, {"max_frames": 0}):
        with pytest.raises(ValueError, match="expected a `frame_rate` above 0"):
            VideoWriter(path, **wrong)
    for size in ((321, 180), (32, 32)):
        with pytest.raises(ValueError, match="two even numbers of pixels"):
            VideoWriter(path, size=size)
    with pytest.raises(FileNotFoundError):
        VideoWriter(tmp_path / "none" / "a.mp4")
    writer = VideoWriter(path)
    with pytest.raises(ValueError, match="no pose to show"), writer:
        writer.write(lifted([]))
    assert list(tmp_path.iterdir()) == []
    path.mkdir()
    with pytest.raises(IsADirectoryError, match="is a folder"):
        VideoWriter(path)


@pytest.mark.parametrize(
    ("name", "module"),
    [("a.mp4", "imageio_ffmpeg"), ("a.gif", "imageio_ffmpeg"), ("a.gif", "matplotlib")],
)
def test_missing_packages_are_told(tmp_path, monkeypatch, name, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=r"pip install .*\[visualization\]"):
        VideoWriter(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_projections():
    """The camera sees right and up; its left side sees forward to the left."""
    right, down, forward = np.eye(3)
    front, side = VIEWS.values()
    np.testing.assert_allclose(project(right, front), [1, 0, 0], atol=1e-9)
    np.testing.assert_allclose(project(down, front), [0, -1, 0], atol=1e-9)
    np.testing.assert_allclose(project(forward, front), [0, 0, -1], atol=1e-9)
    assert project(forward, side)[0] < -0.9
    assert project(down, side)[1] < -0.9
    assert project(right, side)[2] < -0.9


def test_projections_are_those_of_matplotlib(lifted):
    """With its orthographic camera."""
    from matplotlib.figure import Figure
    from mpl_toolkits.mplot3d import proj3d

    poses = lifted([(0, 0)]).mode[0].astype(float)
    for view in VIEWS.values():
        axes = Figure().add_subplot(projection="3d", proj_type="ortho")
        axes.view_init(*view)
        axes.set(xlim=(-2e3, 2e3), ylim=(-2e3, 2e3), zlim=(-2e3, 2e3))
        axes.set_box_aspect((1, 1, 1))
        points = poses[:, [0, 2, 1]] * [1, 1, -1]
        x, y, _ = proj3d.proj_transform(*points.T, axes.get_proj())
        found = project(poses, view)
        ratio = np.hypot(x - x[0], y - y[0])[1:]
        mine = np.linalg.norm(found[1:, :2] - found[0, :2], axis=-1)
        np.testing.assert_allclose(ratio / ratio[0], mine / mine[0], rtol=1e-6)
        assert np.corrcoef(x, found[:, 0])[0, 1] == pytest.approx(1)
        assert np.corrcoef(y, found[:, 1])[0, 1] == pytest.approx(1)

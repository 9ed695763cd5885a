"""Still pictures: people in one scene, and the pictures that they were found in."""

import numpy as np
import pytest
from lifted_poses import lifted_poses

from propose_keras.detection import Frame, Frames
from propose_keras.writers import figure as figure_module
from propose_keras.writers import open_writer

pytest.importorskip("matplotlib")
Image = pytest.importorskip("PIL.Image")


class Pictures(Frames):
    name, rate, size, num_frames = "pictures", 10.0, (320, 240), 3

    def __iter__(self):
        for name in range(3):
            yield Frame(name, np.full((240, 320, 3), (0, 200, 0), np.uint8))


@pytest.fixture
def lifted(standing):
    def make(frames, people, root=(np.nan,) * 3):
        mode = np.tile(standing, (len(frames), 1, 1))
        keypoints = (mode[..., :2] / 10 + [160, 120]).astype("float32")
        keypoints[..., 0] += 40 * np.array(people)[:, None]
        roots = np.array(root) + 1000.0 * np.array(people)[:, None]
        return lifted_poses(
            mode, frames, person=np.array(people), keypoints=keypoints, root=roots
        )

    return make


def share_of_green(path):
    with Image.open(path) as image:
        red, green, blue = np.moveaxis(
            np.asarray(image.convert("RGB")).astype(int), -1, 0
        )
    return float((green - np.maximum(red, blue) > 150).mean())


@pytest.mark.parametrize("people", [[0, 1, 0], [0, 0, 0]])
def test_pictures_are_behind_the_input(tmp_path, lifted, people):
    frames = [0, 0, 2] if any(people) else [0, 1, 2]
    poses = lifted(frames, people, (0, 0, 4000))
    shares = []
    for source in (None, Pictures()):
        with open_writer(tmp_path / "a.png", frames=source) as writer:
            writer.write(poses)
        shares.append(share_of_green(tmp_path / "a.png"))
    assert shares[0] == 0
    assert 0.1 < shares[1] < 0.5


def test_several_people_are_in_one_scene(tmp_path, lifted, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        figure_module,
        "figure_scenes",
        lambda frames, pictures, path: drawn.append(frames) or path.touch(),
    )
    names = [frame for frame in range(20) for _ in range(2)]
    poses = lifted(names, 20 * [3, 4], (0, 0, 4000))
    with open_writer(tmp_path / "a.svg") as writer:
        for row in range(len(poses)):  # Frames may be cut apart.
            writer.write(poses.subset([row]))
    ((*frames,),) = drawn
    assert [people.person.tolist() for people in frames] == 4 * [[3, 4]]
    found = [people.frame[0] for people in frames]
    assert found[0] == 0
    assert min(np.diff(found)) >= 4
    # One person, or nobody knows where they are.
    for others in (lifted([0, 1], [3, 3], (0, 0, 4e3)), lifted([0, 0], [3, 4])):
        with open_writer(tmp_path / "a.png") as writer:
            writer.write(others)
    assert len(drawn) == 1

"""The real detector on a real picture."""

import numpy as np
import pytest
from video_files import moving_crops

from propose_keras.detection import (
    DetectionError,
    Frame,
    Frames,
    detect,
    make_detector,
    mediapipe_pose,
)
from propose_keras.detection.mediapipe_pose import MediaPipePose, distinct
from propose_keras.keypoint_files.mediapipe_scores import score_of
from propose_keras.skeletons import MEDIAPIPE_33

pytest.importorskip("mediapipe", reason="needs the extra detection")

# Where they are in the picture, as a person sees it.
POINTS = {"Nose": (222, 125), "LEye": (249, 112), "REye": (205, 105)}
POINTS |= {"LMouth": (234, 152), "RMouth": (206, 147), "LShoulder": (318, 250)}
POINTS |= {"RShoulder": (100, 235)}


class Pictures(Frames):
    name, size = "pictures", (512, 512)

    def __init__(self, images, rate=None):
        self.images, self.rate, self.num_frames = images, rate, len(images)

    def __iter__(self):
        for number, image in enumerate(self.images):
            yield Frame(number, image, self.rate and number / self.rate)


@pytest.fixture(scope="module")
def detector(pose_task):
    return MediaPipePose(pose_task)


def test_a_person(detector, astronaut, capfd):
    (person,) = detect(Pictures([astronaut]), detector)
    assert (person.layout, person.image_size) == ("mediapipe33", (512.0, 512.0))
    for name, point in POINTS.items():
        found = person.keypoints[MEDIAPIPE_33.index(name)]
        assert np.linalg.norm(found - point) < 30, name
    # She is seen to the hips.
    scores = dict(zip(MEDIAPIPE_33.joint_names, person.scores))
    assert min(scores[name] for name in POINTS) > 0.6
    assert max(scores[name] for name in ("LKnee", "RKnee", "LAnkle")) < 0.3
    assert capfd.readouterr().err == ""


def test_pictures_are_independent(detector, astronaut):
    """Whatever came before, and whether they are small."""
    half = np.ascontiguousarray(astronaut[::2, ::2])
    people = list(detect(Pictures([half, astronaut, half]), detector))
    assert [person.frame for person in people] == [0, 1, 2]
    np.testing.assert_array_equal(people[0].keypoints, people[2].keypoints)
    (alone,) = detect(Pictures([astronaut]), detector)
    np.testing.assert_array_equal(people[1].keypoints, alone.keypoints)
    nose = MEDIAPIPE_33.index("Nose")
    near = np.abs(2 * people[0].keypoints[nose] - people[1].keypoints[nose])
    assert near.max() < 10


def test_a_video_is_followed(detector, astronaut):
    crops = moving_crops(astronaut, 12, (440, 480))
    people = list(detect(Pictures(list(crops), rate=25), detector))
    assert [(p.frame, p.person) for p in people] == [(i, 0) for i in range(12)]
    nose = MEDIAPIPE_33.index("Nose")
    path = np.array([person.keypoints[nose] for person in people])
    # What moves is the picture, by so much.
    corners = np.array([512 - 440, 512 - 480]) * (
        0.5 - 0.5 * np.cos(np.arange(12)[:, None] / [9, 13])
    )
    still = path + corners.astype(int)
    assert np.ptp(path[:, 0]) > 20
    assert np.ptp(still, axis=0).max() < 12
    # A second video begins anew, though its times go back.
    again = list(detect(Pictures(list(crops), rate=25), detector))
    np.testing.assert_array_equal(path[0], again[0].keypoints[nose])


def test_two_people(pose_task, astronaut):
    between = np.full((512, 100, 3), 90, np.uint8)
    pair = np.concatenate([astronaut, between, astronaut[:, ::-1]], axis=1)
    people = list(detect(Pictures([pair]), MediaPipePose(pose_task, max_people=4)))
    noses = sorted(p.keypoints[MEDIAPIPE_33.index("Nose")][0] for p in people)
    assert len(noses) == 2
    np.testing.assert_allclose(noses, [222, 1124 - 222], atol=30)
    (one,) = detect(Pictures([pair]), MediaPipePose(pose_task))
    assert one.person == 0


def test_nobody(detector):
    with pytest.raises(DetectionError, match="found nobody"):
        list(detect(Pictures([np.full((200, 200, 3), 99, np.uint8)]), detector))


def test_other_files_are_no_models(tmp_path, capfd):
    with pytest.raises(FileNotFoundError, match="no detector's model"):
        make_detector("mediapipe", tmp_path / "a.task")
    path = tmp_path / "a.task"
    path.write_text("a text")
    with pytest.raises(DetectionError, match="no model of MediaPipe's Pose Landm"):
        make_detector("mediapipe", path)
    assert capfd.readouterr().err == ""


def test_without_a_network(monkeypatch):
    def fetch(self):
        raise DetectionError(f"could not be fetched from {self.url}")

    monkeypatch.setattr(mediapipe_pose.ModelFile, "fetch", fetch)
    with pytest.raises(DetectionError, match="pose_landmarker_full.task"):
        make_detector("mediapipe")


def test_scores():
    assert score_of(np.array(1.0), np.array(1.0)) == pytest.approx(0.8)
    assert score_of(np.array(0.5), np.array(0.9)) == pytest.approx(0.3)
    assert score_of(np.array(0.9), np.array(0.4)) == pytest.approx(0.2)
    assert score_of(np.array(0.1), np.array(0.9)) == 0


def test_people_found_twice():
    rng = np.random.default_rng(0)
    first = 100 * rng.normal(size=(33, 2))
    shifted = first + 10 * rng.normal(size=(33, 2))
    keypoints = np.stack([first, first + 400, shifted])
    scores = np.repeat([[0.5], [0.6], [0.7]], 33, axis=1)
    assert distinct(keypoints, scores) == [1, 2]
    assert distinct(keypoints[:2], scores[:2]) == [0, 1]
    assert distinct(keypoints[:0], scores[:0]) == []

"""`propose-predict` on pictures and videos, with MediaPipe."""

import json
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest
from absl import flags
from video_files import counting_frames, ffmpeg, moving_crops, write_video

from propose_keras import Lifter, ProPose
from propose_keras.cli import pictures, predict
from propose_keras.cli.errors import UserError
from propose_keras.detection import DetectionError, mediapipe_pose

Image = pytest.importorskip("PIL.Image", reason="needs the extra detection")
pytest.importorskip("cv2", reason="needs the extra detection")


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    keras.utils.set_random_seed(0)
    model = ProPose.from_sizes(latent_size=2, width=4, num_blocks=0, num_couplings=1)
    path = tmp_path_factory.mktemp("model") / "model.keras"
    model.save(path)
    return path


@pytest.fixture(scope="module")
def lifter(model_file):
    return Lifter(model_file, 4, batch_size=8)


@pytest.fixture
def execute(monkeypatch, lifter, model_file, pose_task):
    monkeypatch.setattr(predict, "make_lifter", lambda values, *_: lifter)

    def execute(source, *arguments, detector_model=pose_task):
        values = flags.FlagValues()
        predict.define_flags(values)
        if detector_model:
            arguments = (*arguments, f"--detector_model={detector_model}")
        values(["predict", *arguments])
        predict.execute(source, values)

    return execute


@pytest.fixture(scope="module")
def clip(tmp_path_factory, astronaut):
    """Two seconds, of which the last half second shows nobody."""
    pytest.importorskip("imageio_ffmpeg", reason="needs the extra visualization")
    frames = moving_crops(astronaut, 15, (440, 480))
    frames = np.concatenate([frames, np.full((5, 480, 440, 3), 90, np.uint8)])
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return write_video(path, frames, rate=10)


def test_a_video(execute, clip, tmp_path, capsys):
    outputs = ("a.npz", "a.mp4", "a.html")
    execute(clip, *(f"--output={tmp_path / name}" for name in outputs))
    printed = capsys.readouterr()
    assert "poses of 1 person with 4 hypotheses each" in printed.out
    assert {path.name for path in tmp_path.iterdir()} == set(outputs)
    with np.load(tmp_path / "a.npz") as found:
        # After the last one is seen a frame or two may still be taken for her.
        assert found["frame"].tolist()[:15] == list(range(15))
        assert set(found["person"]) == {0}
        nose = found["keypoints"][:, 9]
    assert np.abs(nose[0] - [222, 125]).max() < 30
    import cv2

    capture = cv2.VideoCapture(str(tmp_path / "a.mp4"), cv2.CAP_FFMPEG)
    assert capture.get(cv2.CAP_PROP_FPS) == 10  # As the source.
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 20
    _, image = capture.read()
    orange = (image[..., 2].astype(int) - image[..., 0]) > 120
    assert orange[:, :640].mean() > 0.05  # Her suit.


def test_a_turned_video(execute, clip, tmp_path):
    """Upright, she is found where she is in the video as players show it."""
    turned = tmp_path / "turned.mp4"
    lying = tmp_path / "lying.mp4"
    ffmpeg("-i", clip, "-vf", "transpose=clock", "-frames:v", 3, lying)
    ffmpeg("-display_rotation", 90, "-i", lying, "-c", "copy", turned)
    execute(turned, f"--output={tmp_path / 'a.npz'}")
    with np.load(tmp_path / "a.npz") as found:
        assert np.abs(found["keypoints"][0, 9] - [222, 125]).max() < 30


def test_a_folder_of_pictures(execute, astronaut, tmp_path, capsys):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("2.jpg", "10.jpg", "nobody.png"):
        image = np.full((90, 90, 3), 90, np.uint8) if "no" in name else astronaut
        Image.fromarray(image).save(folder / name)
    execute(folder, f"--output={tmp_path / 'a.json'},{tmp_path / 'a.png'}")
    frames = [
        pose["frame"] for pose in json.loads((tmp_path / "a.json").read_text())["poses"]
    ]
    assert frames == [2, 10]
    assert "2 poses" in capsys.readouterr().out


def test_a_part_of_a_video(execute, clip, tmp_path):
    outputs = f"--output={tmp_path / 'a.npz'},{tmp_path / 'a.mp4'}"
    execute(clip, outputs, "--frames=4:9")
    with np.load(tmp_path / "a.npz") as found:
        assert found["frame"].tolist() == [4, 5, 6, 7, 8]
    import cv2

    capture = cv2.VideoCapture(str(tmp_path / "a.mp4"), cv2.CAP_FFMPEG)
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 5
    with pytest.raises(UserError, match="no frame in 90:: .* is 0, .* 19"):
        execute(clip, outputs, "--frames=90:")


def test_the_same_as_in_python(execute, lifter, clip, pose_task, tmp_path):
    execute(clip, f"--output={tmp_path / 'a.npz'}")
    detector = mediapipe_pose.MediaPipePose(pose_task)
    batches = list(lifter.from_video(clip, detector))
    with np.load(tmp_path / "a.npz") as found:
        modes = np.concatenate([batch.mode for batch in batches])
        np.testing.assert_array_equal(found["mode"], modes)
    assert len(batches) > 1


@pytest.fixture
def interruptible():
    """Ctrl-C raises, though it be ignored, as it is in a shell's background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_a_camera_is_ended_by_the_keyboard():
    class Camera:
        stopped = 0

        def stop(self):
            self.stopped += 1

    camera, before = Camera(), signal.getsignal(signal.SIGINT)
    block = pictures.Pictures(camera, None).until_interrupted()
    with pytest.raises(KeyboardInterrupt), block:
        signal.raise_signal(signal.SIGINT)
        assert camera.stopped == 1
        signal.raise_signal(signal.SIGINT)  # The second one ends the program.
    assert signal.getsignal(signal.SIGINT) is before


def bad_sources(folder):
    text = folder / "text.mp4"
    text.write_text("hello\n" * 100)
    yield text, "cannot be read as a video"
    yield folder / "no.mp4", "There is no file or folder"
    cut = write_video(folder / "cut.mp4", counting_frames(9), "-movflags", "+faststart")
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size * 2 // 3])
    yield cut, "is cut short"
    picture = folder / "nobody.jpg"
    Image.new("RGB", (100, 100)).save(picture)
    yield picture, "found nobody in it"
    broken = folder / "broken.jpg"
    broken.write_bytes(picture.read_bytes()[:300])
    yield broken, "cannot be read as a picture"


def test_bad_sources(execute, tmp_path):
    folder = tmp_path / "sources"
    folder.mkdir()
    for source, message in bad_sources(folder):
        before = set(folder.iterdir())
        outputs = f"--output={folder / 'a.mp4'},{folder / 'a.npz'}"
        with pytest.raises(UserError, match=message):
            execute(source, outputs)
        assert set(folder.iterdir()) == before


def test_detectors_that_cannot_be_had(execute, clip, tmp_path, monkeypatch):
    def fetch(self):
        raise DetectionError("could not be fetched")

    output = f"--output={tmp_path / 'a.npz'}"
    monkeypatch.setattr(mediapipe_pose.ModelFile, "fetch", fetch)
    with pytest.raises(UserError, match="could not be fetched"):
        execute(clip, output, detector_model=None)
    with pytest.raises(UserError, match="There is no detector's model"):
        execute(clip, output, detector_model=tmp_path / "no.task")
    monkeypatch.setitem(sys.modules, "rtmlib", None)
    with pytest.raises(UserError, match="pip install rtmlib"):
        execute(clip, output, "--detector=rtmpose", detector_model=None)
    with pytest.raises(UserError, match="with keypoints only"):
        execute(clip, output, "--image_size=100x100")
    assert list(tmp_path.iterdir()) == []


def test_one_message_and_code_2(pose_task, tmp_path):
    """As a program: OpenCV, FFmpeg and MediaPipe have nothing to add."""
    picture = tmp_path / "nobody.jpg"
    Image.new("RGB", (100, 100)).save(picture)
    text = tmp_path / "text.mp4"
    text.write_text("hello\n" * 100)
    for source in (picture, text):
        command = [sys.executable, "-m", "propose_keras.cli.predict", source]
        command += [f"--output={tmp_path / 'a.npz'}", f"--detector_model={pose_task}"]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 2, done.stderr
        assert done.stderr.startswith("Error: ")
        assert done.stderr.count("\n") == 1
    assert not (tmp_path / "a.npz").exists()

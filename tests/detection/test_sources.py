import numpy as np
import pytest
from video_files import counting_frames, ffmpeg, number_shown, write_video

from propose_keras.detection import (
    DetectionError,
    Frames,
    holds_pictures,
    images,
    open_frames,
    videos,
)
from propose_keras.detection.videos import Clock

pytest.importorskip("imageio_ffmpeg", reason="needs the extra visualization")
Image = pytest.importorskip("PIL.Image", reason="needs the extra detection")


@pytest.fixture(scope="module")
def cv2():
    return pytest.importorskip("cv2", reason="needs the extra detection")


def is_red(pixel):
    red, green, blue = pixel.astype(int)
    return red - max(green, blue) > 60


def test_a_video(cv2, tmp_path):
    path = write_video(tmp_path / "a.mp4", counting_frames(10), rate=12.5)
    frames = open_frames(path)
    assert (frames.rate, frames.num_frames, frames.size) == (12.5, 10, (128, 96))
    for _ in range(2):
        read = list(frames)
        assert [frame.name for frame in read] == list(range(10))
        assert [number_shown(frame.image) for frame in read] == list(range(10))
        np.testing.assert_allclose([f.time for f in read], np.arange(10) / 12.5)
    assert read[0].image.dtype == np.uint8
    assert read[0].size == (128, 96)
    assert is_red(read[0].image[5, 5])


@pytest.mark.parametrize("degrees, corner", [(90, (-5, 5)), (-90, (5, -5)), (180, -5)])
def test_phones_turn_their_videos(cv2, tmp_path, degrees, corner):
    """By metadata; 90 degrees are to the left."""
    plain = write_video(tmp_path / "plain.mp4", counting_frames(3))
    path = tmp_path / "turned.mp4"
    ffmpeg("-display_rotation", degrees, "-i", plain, "-c", "copy", path)
    frames = open_frames(path)
    expected = (128, 96) if degrees == 180 else (96, 128)
    assert frames.size == expected
    image = next(iter(frames)).image
    assert image.shape[1::-1] == expected
    row, column = (corner, corner) if isinstance(corner, int) else corner
    assert is_red(image[row, column])
    assert not is_red(image[5, 5])


def test_pixels_are_square(cv2, tmp_path):
    path = tmp_path / "wide.mp4"
    write_video(path, counting_frames(2), "-vf", "setsar=2")
    assert open_frames(path).size == (256, 96)
    turned = tmp_path / "turned.mp4"
    ffmpeg("-display_rotation", 90, "-i", path, "-c", "copy", turned)
    frames = open_frames(turned)
    assert frames.size == (96, 256)
    assert next(iter(frames)).size == (96, 256)


def test_a_variable_rate_keeps_its_times(cv2, tmp_path):
    """Ten frames of a tenth of a second, then five of a fifth."""
    path = tmp_path / "a.mp4"
    times = "setpts='round(if(lt(N,10),N,10+2*(N-10))/10/TB)'"
    options = ["-vf", times, "-fps_mode", "vfr", "-bf", "0"]
    write_video(path, counting_frames(15), *options, rate=10)
    frames = open_frames(path)
    assert 7 < frames.rate < 8
    shown = {number_shown(frame.image): frame.time for frame in frames}
    assert len(shown) > 9
    for number, time in shown.items():
        true = number / 10 if number < 10 else 1 + (number - 10) / 5
        assert time == pytest.approx(true, abs=0.5 / frames.rate + 1e-6)


def test_times_become_numbers():
    def numbers(*times, rate=10):
        clock = Clock(rate)
        return [clock.number(time) for time in times]

    assert numbers(7.0, 7.1, 7.2, 7.5) == [0, 1, 2, 5]
    assert numbers(0.0, 0.104, 0.196, 0.301) == [0, 1, 2, 3]
    # Two in one tenth: the second one is left out.
    assert numbers(0.0, 0.1, 0.13, 0.2) == [0, 1, None, 2]
    # Without times frames are counted.
    assert numbers(0.0, 0.0, 0.0) == [0, 1, 2]
    assert numbers(0.3, 0.4, 0.0, 0.6) == [0, 1, 2, 3]


WHOLE = {
    "a.mp4": [],
    "faststart.mp4": ["-movflags", "+faststart"],
    "fragments.mp4": ["-movflags", "+frag_keyframe+empty_moov"],
    "a.mov": [],
    "a.avi": ["-c:v", "mjpeg"],
    "a.mkv": [],
    "a.webm": ["-c:v", "libvpx"],
    "a.ts": [],
}


@pytest.mark.parametrize("name", WHOLE)
def test_videos_that_are_cut_short(cv2, tmp_path, name):
    path = tmp_path / name
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (20, 96, 128, 3), dtype=np.uint8)
    write_video(path, noise, *WHOLE[name])
    assert len(list(open_frames(path))) == 20
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    if name.endswith(".ts"):  # A stream states no length.
        assert 0 < len(list(open_frames(path))) < 20
        return
    with pytest.raises(DetectionError, match=r"is cut short: it has [\d,]+ bytes"):
        open_frames(path)


def test_what_is_no_cut(cv2, tmp_path):
    """A part of a video, which plays a part of its frames; data behind the end."""
    plain = tmp_path / "plain.mp4"
    write_video(plain, counting_frames(20), "-g", "20")
    part = tmp_path / "part.mp4"
    ffmpeg("-ss", 0.3, "-i", plain, "-c", "copy", part)
    assert 0 < len(list(open_frames(part))) < 20
    with open(plain, "ab") as file:
        file.write(b"\xff\xff\xff\xffnote and more of a program's own")
    assert len(list(open_frames(plain))) == 20
    live = tmp_path / "live.webm"
    write_video(live, counting_frames(20), "-c:v", "libvpx", "-live", "1")
    frames = open_frames(live)
    assert frames.num_frames is None
    assert len(list(frames)) == 20


@pytest.mark.parametrize("content", [b"", b"hello\n" * 99, b"\0\0\0\x20ftypisom"])
def test_no_video(cv2, tmp_path, capfd, content):
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(DetectionError, match="cannot be read as a video"):
        open_frames(path)
    assert capfd.readouterr().err == ""


def test_sound_is_no_video(cv2, tmp_path):
    path = tmp_path / "a.mp4"
    ffmpeg("-f", "lavfi", "-i", "sine=d=0.2", path)
    with pytest.raises(DetectionError, match="sound alone"):
        open_frames(path)


def test_images_are_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[274] = 6  # Turn to the right.
    frame = Image.fromarray(counting_frames(1)[0])
    frame.save(tmp_path / "a.png", exif=exif)
    frames = open_frames(tmp_path / "a.png")
    (only,) = frames
    assert frames.size == only.size == (96, 128)
    assert is_red(only.image[5, -5])
    assert (only.name, only.time, frames.num_frames) == ("a", None, 1)


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK", "1"])
def test_images_of_other_modes(tmp_path, mode):
    path = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    Image.new("RGB", (30, 20), (255, 255, 255)).convert(mode).save(path)
    (only,) = open_frames(path)
    assert only.image.shape == (20, 30, 3)
    assert (only.image == 255).all()


def test_a_folder_in_natural_order(tmp_path):
    for name in ("10.png", "9.jpg", "2.PNG"):
        Image.new("RGB", (30, int(name.split(".")[0]))).save(tmp_path / name)
    (tmp_path / "notes.md").write_text("no picture")
    frames = open_frames(tmp_path)
    assert [frame.name for frame in frames] == ["2", "9", "10"]
    assert (frames.size, frames.num_frames) == ((30, 10), 3)
    Image.new("RGB", (30, 20)).save(tmp_path / "9.png")
    names = [frame.name for frame in open_frames(tmp_path)]
    assert names == ["2.PNG", "9.jpg", "9.png", "10.png"]


@pytest.mark.parametrize("share", [0, 0.1, 0.6])
def test_damaged_pictures(tmp_path, share):
    path = tmp_path / "a.jpg"
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 255, (99, 99, 3), dtype=np.uint8)).save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(DetectionError, match="a.jpg cannot be read as a picture"):
        list(open_frames(path))


def test_no_files(tmp_path):
    with pytest.raises(FileNotFoundError, match="no file or folder"):
        open_frames(tmp_path / "a.mp4")
    with pytest.raises(DetectionError, match="no pictures in the folder"):
        open_frames(tmp_path)


def test_what_holds_pictures(tmp_path):
    for name in ("a.jpg", "A.MP4", "missing.mov", "camera", "camera:2"):
        assert holds_pictures(name), name
    for name in ("a.json", "a.npz", "camera.csv", "a.txt"):
        assert not holds_pictures(name), name
    assert not holds_pictures(tmp_path)
    (tmp_path / "1.jpg").touch()
    assert holds_pictures(tmp_path)
    (tmp_path / "1_keypoints.json").touch()  # What was found in them.
    assert not holds_pictures(tmp_path)


class Camera:
    """Stands in for OpenCV's of a computer with a single one."""

    pictures = 3

    def __init__(self, device):
        self.device, self.left = device, self.pictures

    def isOpened(self):  # noqa: N802
        return self.device == 0

    def get(self, _):
        return 40.0

    def read(self):
        self.left -= 1
        image = np.full((40, 40, 3), (1, 2, 3), np.uint8)
        return self.left >= 0, image if self.left >= 0 else None

    def release(self):
        pass


@pytest.mark.parametrize("source", [0, "camera", "camera:0"])
def test_a_camera(cv2, monkeypatch, source):
    times = iter([100.0, 100.1, 100.1001, 100.3])
    monkeypatch.setattr(cv2, "VideoCapture", Camera)
    monkeypatch.setattr(videos.time, "monotonic", lambda: next(times))
    frames = open_frames(source)
    assert isinstance(frames, Frames)
    assert (frames.rate, frames.size, frames.num_frames) == (40.0, (40, 40), None)
    assert not frames.can_be_reread
    read = list(frames)
    assert [frame.name for frame in read] == [0, 4]  # Two came at once.
    assert read[0].image[0, 0].tolist() == [3, 2, 1]
    assert read[1].time == pytest.approx(0.1)


def test_a_camera_is_stopped(cv2, monkeypatch):
    monkeypatch.setattr(cv2, "VideoCapture", Camera)
    monkeypatch.setattr(Camera, "pictures", 10**9)
    times = iter(range(10**9))
    monkeypatch.setattr(videos.time, "monotonic", lambda: next(times))
    frames, read = open_frames(0), []
    for frame in frames:
        read.append(frame)
        if len(read) == 4:
            frames.stop()
    assert len(read) == 4


def test_there_is_no_such_camera(cv2, monkeypatch):
    monkeypatch.setattr(cv2, "VideoCapture", Camera)
    with pytest.raises(DetectionError, match="There is no camera 3"):
        open_frames("camera:3")


@pytest.mark.parametrize(
    "package, make",
    [
        ("cv2", lambda path: videos.VideoFrames(path)),
        ("PIL.Image", lambda path: images.ImageFrames([path], "a")),
    ],
)
def test_what_is_not_installed_is_told(tmp_path, monkeypatch, package, make):
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(ImportError, match=r'pip install "\.\[detection\]"'):
        make(tmp_path / "a.mp4")

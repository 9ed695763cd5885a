import contextlib
import functools
import itertools
import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from absl import flags
from synthetic_human import generate_clips

from propose_keras import Lifter, ProPose
from propose_keras.cli import predict
from propose_keras.cli.errors import UserError
from propose_keras.data.landmarks import NUM_FREE_ANGLES, landmarks
from propose_keras.inference import load_model
from propose_keras.inference.bones import stature
from propose_keras.skeletons import convert
from propose_keras.writers.figure import FigureWriter


@functools.cache
def people():
    """Two people in five frames, `(5, 2, 26, 3)` in the order halpe26."""
    rng = np.random.default_rng(0)
    pose_3d = next(generate_clips(("S9",), 1, 1.0, 5.0))["pose_3d"]
    points = landmarks(pose_3d, "halpe26", np.zeros((1, NUM_FREE_ANGLES)))
    points = points[:, None, :, :2] / points[:, None, :, 2:] * 1100
    points = points + np.array([[300, 500], [700, 450]])[:, None]
    return np.concatenate([points, rng.uniform(0.5, 1.0, (5, 2, 26, 1))], axis=-1)


def detections():
    values = people()
    return [
        {
            "image_id": f"{frame}.jpg",
            "keypoints": person.ravel().tolist(),
            "idx": [float(track)],
        }
        for frame, pair in enumerate(values)
        for track, person in zip((3, 8), pair)
    ]


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    keras.utils.set_random_seed(0)
    model = ProPose.from_sizes(latent_size=2, width=4, num_blocks=0, num_couplings=1)
    path = tmp_path_factory.mktemp("model") / "model.keras"
    model.save(path)
    return path


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("detections") / "alphapose.json"
    path.write_text(json.dumps(detections()))
    return path


@pytest.fixture(scope="module", autouse=True)
def lifters_are_kept():
    """Equal flags share a lifter and its compiled program."""
    make, kept = predict.make_lifter, {}
    names = "model preset num_hypotheses seed batch_size score_threshold keypoint_noise"
    names += " height correlation_time"

    def make_lifter(values, *others):
        key = *(getattr(values, name) for name in names.split()), *others
        if key not in kept:
            kept[key] = make(values, *others)
        return kept[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(predict, "make_lifter", make_lifter)
        yield


def execute(source, *arguments):
    values = flags.FlagValues()
    predict.define_flags(values)
    values(["predict", *arguments])
    predict.execute(source, values)


def arguments(model_file, output):
    return (
        f"--model={model_file}",
        f"--output={output}",
        "--num_hypotheses=4",
        "--image_size=1000x1000",
        "--batch_size=4",
    )


def test_npz_and_figure(model_file, source, tmp_path, capsys):
    execute(
        source,
        *arguments(model_file, f"{tmp_path / 'a.npz'},{tmp_path / 'a.png'}"),
        "--seed=5",
    )
    assert "10 poses of 2 people with 4 hypotheses each" in capsys.readouterr().out
    assert {p.name for p in tmp_path.iterdir()} == {"a.npz", "a.png"}
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    with np.load(tmp_path / "a.npz") as found:
        expected = Lifter(model_file, 4, seed=5, batch_size=4)(
            source, image_size=(1000, 1000)
        )
        assert found["frame_name"].tolist() == [f"{i // 2}.jpg" for i in range(10)]
        assert found["frame"].tolist() == [i // 2 for i in range(10)]
        assert found["person"].tolist() == [3, 8] * 5
        for name in ("mode", "hypotheses", "spread"):
            np.testing.assert_array_equal(found[name], getattr(expected, name))


def test_everything_at_once(model_file, source, tmp_path, capsys):
    pytest.importorskip("imageio_ffmpeg", reason="needs the extra visualization")
    pytest.importorskip("plotly", reason="needs the extra visualization")
    flags = arguments(model_file, tmp_path / "a.bvh")
    others = "a.html", "a.gif", "a.png"
    execute(source, *flags, *(f"--output={tmp_path / name}" for name in others))
    written = {path.name for path in tmp_path.iterdir()}
    assert written == {*others, "a.person3.bvh", "a.person8.bvh"}
    printed = capsys.readouterr().out
    assert all(str(tmp_path / name) in printed for name in written)
    assert "10 poses of 2 people" in printed


def test_motions_are_smoothed_where_they_are_shown(
    model_file, source, tmp_path, capsys
):
    note = "smoothed along time"
    execute(source, *arguments(model_file, tmp_path / "raw.npz"))
    assert note not in capsys.readouterr().out
    for name, *others in (
        ("auto.npz", f"--output={tmp_path / 'a.bvh'}"),
        ("yes.npz", "--smooth=yes"),
        ("live.npz", "--smooth=live"),
    ):
        execute(source, *arguments(model_file, tmp_path / name), *others)
        assert note in capsys.readouterr().out
    with contextlib.ExitStack() as stack:
        raw, auto, yes, live = (
            stack.enter_context(np.load(tmp_path / f"{name}.npz"))["mode"]
            for name in ("raw", "auto", "yes", "live")
        )
    np.testing.assert_array_equal(auto, yes)
    others = raw, yes, live
    assert not any(np.array_equal(*two) for two in itertools.combinations(others, 2))


def test_the_world(model_file, source, tmp_path, capsys):
    """Feet of five frames tell of no floor, the camera's height does."""
    flags = arguments(model_file, f"{tmp_path / 'a.npz'},{tmp_path / 'a.csv'}")
    more = "--world", "--camera_height=1.4", "--camera_pitch=10", "--fps=5"
    execute(source, *flags, *more)
    with np.load(tmp_path / "a.npz") as found:
        assert str(found["axes"]).startswith("world: ")
        lower = found["root"] + found["mode"][:, [3, 6]].max(axis=1)
    printed = capsys.readouterr()
    assert printed.out.count("camera is 1.40 m above the floor and looks down") == 1
    assert np.isfinite(lower).all()
    with pytest.raises(UserError, match="not both: each says how large"):
        execute(source, *flags, *more, "--height=1.5")


def test_people_of_a_known_height(model_file, source, tmp_path):
    flags = arguments(model_file, tmp_path / "a.npz")
    execute(source, *flags, "--height=1.5")
    with np.load(tmp_path / "a.npz") as found:
        np.testing.assert_allclose(stature(found["mode"]), 1500, rtol=1e-4)


def test_intrinsics_replace_the_image_size(model_file, source, tmp_path):
    others = "--image_size=", "--intrinsics=1150,1150,500,500"
    execute(source, *arguments(model_file, tmp_path / "a.npz"), *others)
    execute(source, *arguments(model_file, tmp_path / "b.npz"))
    with np.load(tmp_path / "a.npz") as found, np.load(tmp_path / "b.npz") as expected:
        np.testing.assert_allclose(found["mode"], expected["mode"], atol=0.1)


def test_presets_are_folders_too(model_file, source, tmp_path):
    load_model(model_file).save_to_preset(tmp_path / "mine")
    flags = ["--model=", f"--preset={tmp_path / 'mine'}"]
    execute(source, *arguments(model_file, tmp_path / "a.npz"), *flags)
    execute(source, *arguments(model_file, tmp_path / "b.npz"))
    with np.load(tmp_path / "a.npz") as found, np.load(tmp_path / "b.npz") as expected:
        np.testing.assert_allclose(found["mode"], expected["mode"], atol=0.01)


def test_who_is_who_and_sides_and_hips(model_file, tmp_path, capsys):
    """Two who cross, untracked, one with exchanged legs, the other without hips."""
    rng = np.random.default_rng(0)
    body = rng.uniform(-30, 30, (17, 2)) + np.linspace([0, -90], [0, 90], 17)
    body[11:, 0] = [40, -40, 40, -40, 40, -40]
    frames = np.full((12, 2, 17, 3), 1.0)
    for time, people in enumerate(frames):
        people[0, :, :2] = body + [200 + 10 * time, 300]
        people[1, :, :2] = body + [420 - 10 * time, 560]
        people[1, 11:13, 2] = 0.0
        if time == 6:
            people[0] = people[0][[*range(11), 12, 11, 14, 13, 16, 15]]
    source = [
        {"image_id": f"{2 * time:04d}.jpg", "keypoints": person.ravel().tolist()}
        for time, people in enumerate(frames)
        for person in people[:: -1 if time % 2 else 1]
    ]
    (tmp_path / "a.json").write_text(json.dumps(source))
    given = arguments(model_file, tmp_path / "a.npz")
    execute(tmp_path / "a.json", *given)
    printed = capsys.readouterr().out
    assert "24 poses of 2 people" in printed
    assert "put back in 1 poses" in printed
    assert "In 12 poses the hips were not seen" in printed
    with np.load(tmp_path / "a.npz") as found:
        assert found["person"].tolist() == [0, 1, 1, 0] * 6
        assert found["frame"].tolist() == [2 * (i // 2) for i in range(24)]
        assert found["sides_exchanged"].sum() == 1
    execute(tmp_path / "a.json", *given, "--track=no")
    assert "put back" not in capsys.readouterr().out
    with np.load(tmp_path / "a.npz") as found:
        assert found["person"].tolist() == [0, 1] * 12


def test_a_part_of_a_file(model_file, source, tmp_path, capsys):
    given = arguments(model_file, f"{tmp_path / 'a.npz'},{tmp_path / 'a.json'}")
    execute(source, *given, "--frames=1:3", "--save=mode,spread")
    assert "4 poses of 2 people" in capsys.readouterr().out
    with np.load(tmp_path / "a.npz") as found:
        assert found["frame"].tolist() == [1, 1, 2, 2]
        assert {"mode", "spread", "person", "frame_name"} < set(found)
        assert "hypotheses" not in found
    rows = json.loads((tmp_path / "a.json").read_text())["poses"]
    assert {key for row in rows for key in row} == {
        *("frame", "frame_name", "person", "mode", "spread")
    }


def test_frames_left_out_are_said(model_file, source, tmp_path, capsys):
    pytest.importorskip("imageio_ffmpeg", reason="needs the extra visualization")
    pytest.importorskip("plotly", reason="needs the extra visualization")
    given = arguments(model_file, f"{tmp_path / 'a.html'},{tmp_path / 'a.gif'}")
    execute(source, *given, "--max_frames=2")
    errors = capsys.readouterr().err
    assert "a.html shows 2 of 5 frames, one in 4" in errors
    assert "a.gif leaves out 3 frames at its end" in errors
    assert errors.count("--max_frames") == 2


def test_json(model_file, source, tmp_path):
    execute(source, *arguments(model_file, tmp_path / "a.json"))
    found = json.loads((tmp_path / "a.json").read_text())
    assert len(found["poses"]) == 10
    assert np.shape(found["poses"][0]["hypotheses"]) == (4, 17, 3)


def test_figure_shows_rows_of_the_whole_stream(tmp_path):
    from propose_keras.inference import LiftedPoses

    sample = FigureWriter(tmp_path / "a.png")
    for start in range(0, 100, 10):
        zeros = np.zeros((10, 17, 3))
        sample.write(
            LiftedPoses(
                frame=np.arange(start, start + 10),
                frame_name=list(range(start, start + 10)),
                person=np.zeros(10),
                mode=zeros,
                hypotheses=zeros[:, None],
                mean=zeros,
                spread=zeros[..., 0],
                spread_about_thorax=zeros[..., 0],
                mode_latent_log_prob=zeros[:, 0, 0],
                keypoints=zeros[..., :2],
                root=zeros[:, 0],
                root_hypotheses=zeros[:, :1],
                root_covariance=zeros[:, :3],
                scores=zeros[..., 0],
                missing=zeros[..., 0] > 0,
                sides_exchanged=zeros[:, 0, 0] > 0,
            )
        )
    frames = sample.rows().frame
    assert len(frames) == 4
    assert frames[0] == 0
    assert frames[-1] > 50
    assert min(np.diff(frames)) > 10


def with_coordinate(value):
    document = detections()
    document[3]["keypoints"][0] = value
    return json.dumps(document)


def with_scores(value):
    document = detections()
    for person in document:
        person["keypoints"][2::3] = [value] * 26
    return json.dumps(document)


@pytest.mark.parametrize(
    "text, message",
    [
        ('[{"bones": []}]', "unknown JSON"),
        (with_coordinate(float("nan")), "1.jpg, person 8: Nose is at"),
        (with_scores(0.1), "nobody to lift: of 10 people none has 4"),
        (with_scores(37.0), "score of Nose is 37"),
        (json.dumps(detections())[:-100], "cut short at character"),
        ("[]", "no person in any frame"),
    ],
)
def test_wrong_keypoints_write_nothing(model_file, tmp_path, text, message):
    (tmp_path / "in.json").write_text(text)
    with pytest.raises(UserError, match=message):
        execute(
            tmp_path / "in.json",
            *arguments(model_file, f"{tmp_path / 'a.npz'},{tmp_path / 'a.png'}"),
        )
    assert [p.name for p in tmp_path.iterdir()] == ["in.json"]


@pytest.mark.parametrize(
    "wrong, message",
    [
        (["--preset=propose_cmu"], "--model or --preset, not both"),
        (["--model=", "--preset=nobody"], "no preset 'nobody': it is .* propose_cmu"),
        (["--intrinsics=1000,1000"], "expected FX,FY,CX,CY"),
        (["--intrinsics=0,1,2,3"], "expected FX,FY,CX,CY"),
        (["--output={folder}/a.avi"], "Cannot write --output=.*.mp4 or .gif"),
        (["--output={folder}/b.png,{folder}/b.png"], "the same name"),
        (["--model=/no/model.keras"], "no model file /no/model.keras. Pass the model"),
        (["--model={source}"], "is not a .keras file"),
        (["--output={folder}/a.txt"], "Cannot write --output=.*.npz or .json or .csv"),
        (["--output={folder}/none/a.npz"], "Cannot write --output=.*No such file"),
        (["--output={folder}"], "Cannot write --output="),
        (["--image_size=1000"], "expected WIDTHxHEIGHT"),
        (["--image_size=0x10"], "expected WIDTHxHEIGHT"),
        (["--image_size="], "how large the images are"),
        (["--layout=coco17"], "found 26 joints; the layout 'coco17' has 17"),
        (["--output={folder}/none/a.png"], "Cannot write --output="),
        (["--frames=3:3"], "no frame in 3:3: expected A:B with 0 <= A < B"),
        (["--frames=-2:3"], "no frame in -2:3"),
        (["--frames=7"], "--frames=7: expected A:B"),
        (["--frames=1:2:3"], "--frames=1:2:3: expected A:B"),
        (["--frames=5:"], "nobody in the frames 5:: .* first is 0, and the last .* 4"),
        (["--save=pose"], "Cannot write --output=.*of mode, .*received 'pose'"),
        (["--save="], "Cannot write --output=.*of mode, .*received none"),
        (["--max_frames=9"], "--max_frames is for pages and videos"),
        (["--smooth=live", "--track=no"], "which --track=no forbids"),
        (["--smooth=yes", "--correlation_time=0"], "`correlation_time` above 0"),
    ],
)
def test_wrong_flags_write_nothing(model_file, source, tmp_path, wrong, message):
    wrong = [w.format(folder=tmp_path, source=source) for w in wrong]
    with pytest.raises(UserError, match=message):
        execute(source, *arguments(model_file, tmp_path / "a.npz"), *wrong)
    assert not list(tmp_path.iterdir())


def test_nothing_to_save(model_file, source, tmp_path):
    with pytest.raises(UserError, match="--save chooses what npz and JSON hold"):
        execute(source, *arguments(model_file, tmp_path / "a.bvh"), "--save=mode")
    assert not list(tmp_path.iterdir())


def test_program_ends_with_code_2_and_one_message(model_file, tmp_path):
    missing = tmp_path / "none.json"
    flagged = arguments(model_file, tmp_path / "a.npz")
    process = subprocess.run(
        [sys.executable, "-m", "propose_keras.cli.predict", missing, *flagged],
        capture_output=True,
        text=True,
        env=os.environ,
        check=False,
    )
    assert process.returncode == 2
    assert f"Error: There is no file or folder {missing}." in process.stderr
    assert "Traceback" not in process.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", ["npz", "json", "html"])
def test_a_full_disk_ends_with_code_2_and_leaves_nothing(
    model_file, source, tmp_path, suffix
):
    pytest.importorskip("plotly", reason="needs the extra visualization")
    arguments_ = arguments(model_file, tmp_path / f"a.{suffix}")
    # A limit of 4 blocks of 1024 bytes for each file, in place of a disk.
    process = subprocess.run(
        [
            "bash",
            "-c",
            'ulimit -f 4; exec "$@"',
            "-",
            sys.executable,
            "-m",
            "propose_keras.cli.predict",
            str(source),
            *arguments_,
        ],
        capture_output=True,
        text=True,
        env=os.environ,
        check=False,
    )
    assert process.returncode == 2, process.stderr
    assert "File too large" in process.stderr
    assert "Traceback" not in process.stderr
    assert not list(tmp_path.iterdir())


def test_warnings_are_lines_and_errors_with_strict(model_file, tmp_path, capsys):
    rows = detections()
    rows[3]["keypoints"][2] = 1.119
    (tmp_path / "in.json").write_text(json.dumps(rows))
    flags = arguments(model_file, tmp_path / "a.npz")
    execute(tmp_path / "in.json", *flags)
    errors = capsys.readouterr().err
    assert errors.startswith("Warning: There are scores above 1")
    assert errors.count("Warning") == 1
    flags = arguments(model_file, tmp_path / "b.npz")
    with pytest.raises(UserError, match="scores above 1.*--nostrict"):
        execute(tmp_path / "in.json", *flags, "--strict")
    assert {path.name for path in tmp_path.iterdir()} == {"in.json", "a.npz"}


def test_other_joint_orders_are_lines_and_errors_with_strict(
    model_file, tmp_path, capsys
):
    np.save(tmp_path / "in.npy", convert(people()[:, 0], "halpe26"))
    flags = (*arguments(model_file, tmp_path / "a.npz"), "--layout=coco17")
    execute(tmp_path / "in.npy", *flags)
    errors = capsys.readouterr().err
    assert errors.startswith("Warning: As coco17 these are not people; as h36m17 they")
    assert errors.count("Warning") == 1
    flags = (*arguments(model_file, tmp_path / "b.npz"), "--layout=coco17", "--strict")
    with pytest.raises(UserError, match="as h36m17 they are.*--nostrict"):
        execute(tmp_path / "in.npy", *flags)
    assert {path.name for path in tmp_path.iterdir()} == {"in.npy", "a.npz"}

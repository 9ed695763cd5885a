import importlib.util
import pathlib

import numpy as np
import pytest

from propose_keras.data import Clip, PoseArrays
from propose_keras.skeletons import H36M_17

PATH = pathlib.Path(__file__).parents[2] / "benchmarks/coverage.py"
TURNED = np.array(
    [[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]
)  # World to camera: z up to y down.


def _pose(lying):
    pose = np.zeros((17, 3))
    heights = {"Hip": 900, "Thorax": 1400, "Knee": 450, "Elbow": 1100}
    heights |= {"Shoulder": 1350, "Wrist": 1100}
    for index, name in enumerate(H36M_17.joint_names):
        pose[index, 2] = heights.get(name, heights.get(name[1:], 0))
        if name[1:] == "Wrist":
            pose[index, 0] = 250
    return pose[:, [2, 1, 0]] if lying else pose


def _arrays(poses, cameras=2):
    """Poses at 10 Hz of one performance, seen by cameras that stand elsewhere."""
    clips, seen = [], []
    for camera in range(cameras):
        position = np.array([0, -4000.0 - camera, 1000])
        clips.append(
            Clip(
                "A",
                "move",
                "1",
                str(camera),
                10.0,
                (1000, 1000),
                np.ones(4),
                np.zeros(5),
                TURNED,
                position,
                len(poses),
            )
        )
        seen.append((poses - position) @ TURNED.T)
    count = len(poses)
    return PoseArrays(
        clips=clips,
        pose_3d=np.concatenate(seen),
        keypoints_2d=np.zeros((cameras * count, 17, 2)),
        clip_index=np.repeat(np.arange(cameras), count),
        frame_index=np.tile(np.arange(count), cameras),
    )


@pytest.fixture
def benchmark(monkeypatch):
    spec = importlib.util.spec_from_file_location("coverage_benchmark", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    stand, lie = _pose(False), _pose(True)
    sets = {
        "both": _arrays(np.stack([stand] * 15 + [lie] * 5)),
        "standing": _arrays(np.stack([stand] * 10)),
    }
    monkeypatch.setattr(module, "load_arrays", lambda name, folder, split: sets[name])
    return module


def test_measures_of_poses_that_are_known(benchmark, capsys, tmp_path):
    figure = tmp_path / "coverage.png"
    benchmark.main(["--data_dir=x", "--datasets=both,standing", f"--figure={figure}"])
    lines = capsys.readouterr().out.splitlines()
    assert "both: 20 frames" in lines and "standing: 10 frames" in lines
    row = {
        line.split(" | ")[0].strip("| ") + line.split(" | ")[1]: line
        for line in lines
        if line.startswith("| ") and line.count("|") > 5
    }
    trunk = row["trunk to vertical, degreesboth"].strip("| ").split(" | ")[2:]
    assert (trunk[0], trunk[-1]) == ("0", "90")
    assert row["elbows, degreesstanding"].endswith("| 90 | 90 | 90 |")
    assert row["knees, degreesstanding"].endswith("| 180 | 180 | 180 |")
    assert row["hip over lowest joint, mmstanding"].endswith("| 900 | 900 | 900 |")
    # A quarter of the first set lies, which the second never does.
    assert lines[-1] == "| standing | 75.0 % |"
    assert figure.stat().st_size > 10_000


def test_a_person_who_is_not_there(benchmark):
    with pytest.raises(SystemExit, match="no person 'S8'"):
        benchmark.main(["--data_dir=x", "--datasets=both", "--subjects=both=S8"])

"""SLEAP's analysis files and DeepLabCut's tables in HDF5."""

import itertools
import json
import pickle

import h5py
import keypoint_file_samples as samples
import numpy as np
import pytest

from propose_keras.keypoint_files import KeypointFileError, read_keypoints

JOINTS = samples.names("coco17")
AXES = {
    "matlab": ("track", "xy", "node", "frame"),
    "standard": ("frame", "track", "node", "xy"),
    "before MATLAB": ("frame", "node", "xy", "track"),
    "custom": ("track", "node", "frame", "xy"),
}


@pytest.fixture
def values():
    """`(frames, 2, 17, 3)`: a joint and a person are missing."""
    values = samples.people(17, num_frames=5)
    values[1, 0, 4] = np.nan, np.nan, 0.7
    values[2, 1] = np.nan
    return values


def present(values):
    """The people who are there, a joint without coordinates having the score 0."""
    flat = values.reshape(-1, 17, 3)
    flat = flat[~np.isnan(flat).all(axis=(1, 2))]
    flat[np.isnan(flat[..., 0]), 2] = 0.0
    return flat


def write_sleap(path, values, axes, states_axes, nodes=JOINTS, tracks=(b"a", b"b")):
    names = ("frame", "track", "node", "xy")
    with h5py.File(path, "w") as file:
        for key, array in {
            "tracks": values[..., :2],
            "point_scores": values[..., 2],
        }.items():
            wanted = [axis for axis in axes if axis in names[: array.ndim]]
            order = [names.index(axis) for axis in wanted]
            file[key] = np.transpose(array, order)
            if states_axes:
                file[key].attrs["dims"] = json.dumps(wanted)
        file["track_occupancy"] = np.ones(values.shape[:2], np.uint8)
        file["node_names"] = np.array([name.encode() for name in nodes])
        file["track_names"] = np.array(tracks)
    return path


@pytest.mark.parametrize("order", AXES)
def test_sleap(tmp_path, values, order):
    path = write_sleap(tmp_path / "a.h5", values, AXES[order], True)
    people = list("ababaabab")
    frames = [0, 0, 1, 1, 2, 3, 3, 4, 4]
    samples.check(read_keypoints(path), present(values), "coco17", frames, people)


def test_sleap_of_versions_that_do_not_state_the_axes(tmp_path, values):
    for order in ("matlab", "before MATLAB"):
        path = write_sleap(tmp_path / "a.h5", values, AXES[order], False)
        samples.check(read_keypoints(path), present(values), "coco17")
    path = write_sleap(tmp_path / "a.h5", values, AXES["custom"], False)
    with pytest.raises(KeypointFileError, match="expected SLEAP's tracks of 17 nodes"):
        list(read_keypoints(path))


def test_sleap_nodes_in_any_order_and_by_hand(tmp_path, values):
    """Instances that were drawn by hand have no scores."""
    order = np.random.default_rng(0).permutation(17)
    nodes = [JOINTS[i] for i in order]
    values[..., 2] = np.nan
    path = tmp_path / "a.hdf5"
    write_sleap(path, values[:, :, order], AXES["matlab"], True, nodes)
    expected = values.copy()
    expected[..., 2] = 1.0
    expected[2, 1] = np.nan
    samples.check(read_keypoints(path), present(expected), "coco17")


def test_sleap_of_animals(tmp_path, values):
    nodes = ["tail", "snout", "paw"]
    path = write_sleap(tmp_path / "a.h5", values[:, :, :3], AXES["matlab"], True, nodes)
    with pytest.raises(KeypointFileError, match="'paw', 'snout', 'tail'.*no known"):
        list(read_keypoints(path))


def columns_of(individuals):
    names = ([["ind1", "ind2"]] if individuals else []) + [JOINTS]
    return [("net", *c) for c in itertools.product(*names, ["x", "y", "likelihood"])]


def write_table(path, columns, rows):
    """As pandas and PyTables write `to_hdf(..., format="table")`."""
    dtype = [("index", "<i8"), ("values_block_0", "<f8", (len(columns),))]
    table = np.array(list(enumerate(rows)), dtype)
    with h5py.File(path, "w") as file:
        group = file.create_group("df_with_missing")
        group.attrs["pandas_type"] = np.bytes_(b"frame_table")
        group["table"] = table
        names = np.bytes_(pickle.dumps(columns, 0))
        group["table"].attrs["values_block_0_kind"] = names
    return path


def write_fixed(path, columns, rows, index):
    """As pandas and PyTables write `to_hdf(...)`."""
    with h5py.File(path, "w") as file:
        group = file.create_group("df_with_missing")
        group.attrs.update({"pandas_type": np.bytes_(b"frame"), "nblocks": 1})
        group["block0_values"] = rows
        group["block0_values"].attrs["transposed"] = True
        for name, tuples in {"block0_items": columns, "axis1": index}.items():
            group.attrs[f"{name}_nlevels"] = len(tuples[0])
            for level, entries in enumerate(zip(*tuples)):
                known = sorted(set(entries))
                group[f"{name}_level{level}"] = np.array([e.encode() for e in known])
                labels = [known.index(entry) for entry in entries]
                group[f"{name}_label{level}"] = np.array(labels, np.int8)
    return path


def write_csv(path, columns, rows, index):
    names = ["scorer", "individuals", "bodyparts", "coords"]
    names = names if len(columns[0]) == 4 else names[:1] + names[2:]
    blank = [""] * (len(index[0]) - 1)
    lines = [[name, *blank, *level] for name, level in zip(names, zip(*columns))]
    for frame, row in zip(index, rows):
        lines.append([*frame, *("" if np.isnan(v) else repr(float(v)) for v in row)])
    path.write_text("\n".join(",".join(map(str, line)) for line in lines) + "\n")
    return path


@pytest.mark.parametrize("individuals", [False, True])
@pytest.mark.parametrize("form", ["csv", "table"])
def test_deeplabcut(tmp_path, values, individuals, form):
    columns = columns_of(individuals)
    values = values if individuals else values[:, :1]
    rows = values.reshape(len(values), -1)
    if form == "csv":
        index = [(frame,) for frame in range(len(rows))]
        path = write_csv(tmp_path / "a.csv", columns, rows, index)
    else:
        path = write_table(tmp_path / "a.h5", columns, rows)
    frames = [0, 0, 1, 1, 2, 3, 3, 4, 4] if individuals else range(5)
    samples.check(read_keypoints(path), present(values), "coco17", frames)


@pytest.mark.parametrize("form", ["csv", "fixed"])
def test_deeplabcut_labels_by_hand(tmp_path, values, form):
    columns = [column for column in columns_of(True) if column[-1] != "likelihood"]
    rows = values[..., :2].reshape(len(values), -1)
    index = [("labeled-data", "v", f"img{n}.png") for n in range(len(rows))]
    write = write_csv if form == "csv" else write_fixed
    suffix = "csv" if form == "csv" else "h5"
    path = write(tmp_path / f"a.{suffix}", columns, rows, index)
    values[..., 2] = np.where(np.isnan(values[..., 0]), np.nan, 1.0)
    found = samples.check(read_keypoints(path), present(values), "coco17")
    assert found[0].frame == "labeled-data/v/img0.png"


def test_parts_that_are_nobodys_are_passed_over(tmp_path, values):
    columns = [*columns_of(True), ("net", "single", "ball", "x")]
    columns.append(("net", "single", "ball", "y"))
    rows = np.concatenate([values.reshape(5, -1), np.ones((5, 2))], axis=1)
    path = write_table(tmp_path / "a.h5", columns, rows)
    samples.check(read_keypoints(path), present(values), "coco17")
    write_table(path, columns[-2:], rows[:, -2:])
    with pytest.raises(KeypointFileError, match="'ball'.*no known layout"):
        list(read_keypoints(path))


class _Bomb:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_pickled_names_execute_nothing(tmp_path):
    path = write_table(tmp_path / "a.h5", [_Bomb(tmp_path / "touched")], [[1.0]])
    with pytest.raises(KeypointFileError, match="expected plain names"):
        list(read_keypoints(path))
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("pred_points", "SLEAP project.*sleap-convert"),
        ("model_weights", "a Keras model"),
        ("#refs#", "MATLAB"),
        ("recording", r"holds \['recording'\]"),
    ],
)
def test_other_hdf5_files_are_named(tmp_path, key, kind):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_group(key)
    with pytest.raises(KeypointFileError, match=f"{kind}.*Expected SLEAP's analysis"):
        list(read_keypoints(tmp_path / "a.h5"))


@pytest.mark.parametrize("form", ["sleap", "table"])
def test_files_that_are_cut_short(tmp_path, values, form):
    """No bytes are changed: HDF5's own library can hang on those."""
    path = tmp_path / "a.h5"
    if form == "sleap":
        write_sleap(path, values, AXES["matlab"], True)
    else:
        write_table(path, columns_of(True), values.reshape(5, -1))
    whole = path.read_bytes()
    for share in (0.01, 0.3, 0.9, 0.999):
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(KeypointFileError, match="is no HDF5 file or is damaged"):
            list(read_keypoints(path))


@pytest.mark.parametrize(
    "change",
    [
        lambda file: file.pop("point_scores") and file.create_group("point_scores"),
        lambda file: file.pop("tracks") and file.create_group("tracks"),
        lambda file: file["tracks"].attrs.update({"dims": "[3"}),
        lambda file: file["tracks"].attrs.update({"dims": json.dumps(["a"] * 4)}),
        lambda file: file["point_scores"].attrs.update({"dims": '["frame"]'}),
        lambda file: file.pop("node_names") and file.update({"node_names": 3}),
        lambda file: (
            file.pop("point_scores")
            and file.update({"point_scores": np.ones((2, 17, 4))})
        ),
    ],
)
def test_sleap_with_parts_of_another_kind(tmp_path, values, change):
    path = write_sleap(tmp_path / "a.h5", values, AXES["matlab"], True)
    with h5py.File(path, "a") as file:
        change(file)
    with pytest.raises(KeypointFileError):
        list(read_keypoints(path))


@pytest.mark.parametrize(
    "columns",
    [["x"] * 102, [("net", "x")] * 102, [("net", 3, "x")] * 102, [("a",)] * 7, 3],
)
def test_tables_with_other_columns(tmp_path, values, columns):
    path = write_table(tmp_path / "a.h5", columns_of(True), values.reshape(5, -1))
    with h5py.File(path, "a") as file:
        names = np.bytes_(pickle.dumps(columns, 0))
        file["df_with_missing/table"].attrs["values_block_0_kind"] = names
    with pytest.raises(KeypointFileError, match="columns"):
        list(read_keypoints(path))

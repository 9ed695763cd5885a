"""glTF, TRC and C3D say the same as BVH, read by others' readers where there are."""

import sys

import numpy as np
import pytest
from cmu_mocap.bvh import read_bvh
from walks import FRAME_RATE, placed, walk

from propose_keras.inference import Ground, LiftedPoses
from propose_keras.keypoint_files import KeypointFileError, read_keypoints
from propose_keras.skeletons import H36M_17
from propose_keras.writers import open_writer
from propose_keras.writers.markers import MARKERS

# Of the 17 joints among those of a BVH file, which has tips of feet and hands.
JOINTS = [row for row in range(21) if row not in (4, 8, 16, 20)]
GROUND = Ground(np.array([0.0, -1, 0]), 1500.0)


def people():
    """Two people, the second of whom comes ten frames later."""
    pose = walk()["pose_3d"][:40]
    first = placed(pose)
    second = placed(
        pose[:30] + [1000, 0, 0], frame_name=[*range(10, 40)], person=np.full(30, 4)
    )
    return [first, second]


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """Joints `(n, 17, 3)` mm, z up, of both, by BVH."""
    return [
        read_bvh(path, unit_mm=10.0).positions[:, JOINTS]
        for path in write(tmp_path_factory.mktemp("bvh") / "a.bvh")
    ]


def write(path):
    batch = LiftedPoses.concatenate(people())
    with open_writer(path, FRAME_RATE, ground=GROUND) as writer:
        writer.write(batch)
    assert sorted(path.parent.iterdir()) == sorted(writer.paths)
    return writer.paths


def test_trc(tmp_path, expected):
    paths = write(tmp_path / "a.trc")
    assert [p.name for p in paths] == ["a.person0.trc", "a.person4.trc"]
    for path, joints in zip(paths, expected):
        lines = [line.split("\t") for line in path.read_text().splitlines()]
        stated = dict(zip(lines[1], lines[2]))
        assert stated["Units"] == "m"
        assert (stated["NumFrames"], stated["NumMarkers"]) == (str(len(joints)), "17")
        assert float(stated["DataRate"]) == FRAME_RATE
        assert tuple(lines[3][2::3]) == MARKERS
        assert {len(line) for line in lines[3:]} == {2 + 3 * 17}
        values = np.array(lines[5:], float)
        np.testing.assert_array_equal(values[:, 0], np.arange(len(joints)) + 1)
        np.testing.assert_allclose(np.diff(values[:, 1]), 1 / FRAME_RATE, atol=1e-5)
        markers = 1000 * values[:, 2:].reshape(-1, 17, 3)
        np.testing.assert_allclose(
            markers, joints[..., [0, 2, 1]] * [1, 1, -1], atol=0.2
        )
        # What reads detectors' files knows the markers, and that they are no pixels.
        with pytest.raises(KeypointFileError, match=r"the markers are 3D \(Z is not"):
            list(read_keypoints(path, image_size=(1000, 1000)))


def test_c3d(tmp_path, expected):
    ezc3d = pytest.importorskip("ezc3d", reason="needs the extra c3d")
    for path, joints in zip(write(tmp_path / "a.c3d"), expected):
        found = ezc3d.c3d(str(path))
        point = found["parameters"]["POINT"]
        assert point["UNITS"]["value"] == ["mm"]
        assert point["RATE"]["value"][0] == FRAME_RATE
        assert tuple(point["LABELS"]["value"]) == MARKERS
        points = found["data"]["points"][:3].transpose(2, 1, 0)
        np.testing.assert_allclose(points, joints, atol=0.2)


def array(gltf, number):
    """The values of an accessor."""
    accessor = gltf.accessors[number]
    view = gltf.bufferViews[accessor.bufferView]
    kind = {5126: np.float32, 5121: np.uint8}[accessor.componentType]
    width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}[accessor.type]
    data = np.frombuffer(
        gltf.binary_blob(), kind, accessor.count * width, view.byteOffset
    )
    return data.reshape(-1, width)


def rotated(quaternions, vector):
    """A vector turned by `(n, 4)` x, y, z, w."""
    axis, real = quaternions[:, :3], quaternions[:, 3:]
    cross = np.cross(axis, vector)
    return vector + 2 * (real * cross + np.cross(axis, cross))


def product(first, second):
    axis = first[:, 3:] * second[:, :3] + second[:, 3:] * first[:, :3]
    axis += np.cross(first[:, :3], second[:, :3])
    real = first[:, 3] * second[:, 3] - np.sum(first[:, :3] * second[:, :3], axis=1)
    return np.column_stack([axis, real])


def test_glb(tmp_path, expected):
    library = pytest.importorskip("pygltflib", reason="needs the extra visualization")
    (path,) = write(tmp_path / "a.glb")
    assert path.name == "a.glb"
    gltf = library.GLTF2().load_binary(str(path))
    assert [skin.name for skin in gltf.skins] == ["person 0", "person 4"]
    (animation,) = gltf.animations
    tracks = {}
    for channel in animation.channels:
        sampler = animation.samplers[channel.sampler]
        values = array(gltf, sampler.input)[:, 0], array(gltf, sampler.output)
        tracks[channel.target.node, channel.target.path] = values
    starts = []
    for skin, joints in zip(gltf.skins, expected):
        places, turns, count = {}, {}, len(joints)

        def walk_down(node, parent, places=places, turns=turns, count=count):
            offset = np.array(gltf.nodes[node].translation)
            still = np.tile([0.0, 0, 0, 1], (count, 1))
            turn = tracks.get((node, "rotation"), (None, still))[1].astype(float)
            name = gltf.nodes[node].name
            if parent is None:
                places[name] = tracks[node, "translation"][1].astype(float)
                turns[name] = turn
            else:
                places[name] = places[parent] + rotated(turns[parent], offset)
                turns[name] = product(turns[parent], turn)
            for child in gltf.nodes[node].children:
                walk_down(child, name)

        walk_down(skin.skeleton, None)
        assert len(skin.joints) == len(places) == 21
        for name, joint in (
            *(("Hips", "Hip"), ("RightFoot", "RFoot"), ("HeadTop", "Head")),
            *(("LeftHand", "LWrist"), ("RightForeArm", "RElbow")),
        ):
            truth = joints[:, H36M_17.index(joint)][:, [0, 2, 1]] * [1, 1, -1]
            np.testing.assert_allclose(1000 * places[name], truth, atol=0.2)
        times = tracks[skin.skeleton, "translation"][0]
        starts.append(times[0])
        np.testing.assert_allclose(np.diff(times), 1 / FRAME_RATE, atol=1e-5)
    np.testing.assert_allclose(starts, [0, 10 / FRAME_RATE], atol=1e-6)


def test_the_mesh_of_glb_sits_on_its_bones(tmp_path):
    library = pytest.importorskip("pygltflib", reason="needs the extra visualization")
    gltf = library.GLTF2().load_binary(str(write(tmp_path / "a.glb")[0]))
    attributes = gltf.meshes[0].primitives[0].attributes
    vertices, joints = (
        array(gltf, number) for number in (attributes.POSITION, attributes.JOINTS_0)
    )
    inverse = array(gltf, gltf.skins[0].inverseBindMatrices).reshape(-1, 4, 4)
    # In its bone's own axes each vertex is near the bone's beginning or end.
    local = vertices + inverse[joints[:, 0], 3, :3]
    assert np.linalg.norm(local, axis=1).max() < 0.5
    normals = array(gltf, attributes.NORMAL)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-5)
    centre = vertices.reshape(-1, 24, 3).mean(axis=1, keepdims=True)
    outward = np.sum(
        (vertices.reshape(-1, 24, 3) - centre) * normals.reshape(-1, 24, 3), -1
    )
    assert (outward > 0).all()
    accessor = gltf.accessors[attributes.POSITION]
    np.testing.assert_allclose(accessor.min, vertices.min(axis=0), rtol=1e-6)
    np.testing.assert_allclose(accessor.max, vertices.max(axis=0), rtol=1e-6)
    for view in gltf.bufferViews:
        assert view.byteOffset % 4 == 0


@pytest.mark.parametrize("name", ["pygltflib", "ezc3d"])
def test_packages_are_named(tmp_path, monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)
    suffix = {"pygltflib": "glb", "ezc3d": "c3d"}[name]
    with pytest.raises(ImportError, match=f"pip install {name}"):
        open_writer(tmp_path / f"a.{suffix}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("suffix", "module"), [(".glb", "pygltflib"), (".c3d", "ezc3d")]
)
def test_a_missing_package_is_named(tmp_path, monkeypatch, suffix, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=f"{suffix} files need {module}: pip install"):
        open_writer(tmp_path / f"a{suffix}")
    assert not list(tmp_path.iterdir())

"""Writes the best poses as glTF: animated skeletons that any viewer shows."""

import os
import pathlib

import numpy as np
from scipy.spatial.transform import Rotation

from propose_keras.skeletons import H36M_17
from propose_keras.writers.bvh import JOINT_NAMES
from propose_keras.writers.motion import TURNING, Motion
from propose_keras.writers.motion_writer import MotionWriter

_METRES = 1e-3
# Half of a bone's thickness, as a share of its length, where along it that is, and m.
_THICKNESS, _WIDEST, _THICKEST = 0.12, 0.2, 0.05
# Right, left and middle, linear RGB.
_COLOURS = {"right": (0.8, 0.15, 0.1), "left": (0.1, 0.25, 0.8), "": (0.5, 0.5, 0.5)}


class GltfWriter(MotionWriter):
    """All people as animated skeletons in one binary glTF 2.0 file (Khronos).

    Metres, y up, the floor at 0, z towards the camera. Each person is a skin of 21
    joints, named as in BVH files, and a simple mesh of bones, right ones red and left
    ones blue, that makes it visible. People appear at their time. See `MotionWriter`
    for the arguments.

    Raises:
        ImportError: If pygltflib is not installed.
    """

    SUFFIXES = (".glb",)
    LIBRARY = ("pygltflib", "visualization")

    def _finish(self) -> dict[pathlib.Path, pathlib.Path]:
        scene = _Scene(self._library)
        motions = list(self._motions())
        first = min(motion.start for _, motion in motions)
        for name, motion in motions:
            frames = np.arange(len(motion)) + motion.start - first
            scene.add(f"person {name}", motion, frames / self._frame_rate)
        finished = self._folder / "finished.glb"
        scene.save(finished)
        return {self.path: finished}


class _Scene:
    """What becomes the file."""

    def __init__(self, library):
        self._lib, self._data = library, bytearray()
        material = library.Material(
            pbrMetallicRoughness=library.PbrMetallicRoughness(
                metallicFactor=0.0, roughnessFactor=0.8
            )
        )
        self._file = library.GLTF2(
            asset=library.Asset(version="2.0", generator="propose-keras"),
            scene=0,
            scenes=[library.Scene(nodes=[])],
            materials=[material],
            animations=[library.Animation(name="motion", channels=[], samplers=[])],
        )

    def add(self, name, motion, times):
        """Adds a person: nodes, skin, mesh and animation."""
        lib, file = self._lib, self._file
        parents, names, offsets = _hierarchy(motion)
        first = len(file.nodes)
        for joint in range(len(parents)):
            children = [first + i for i, p in enumerate(parents) if p == joint]
            node = lib.Node(name=names[joint], translation=offsets[joint].tolist())
            node.children = children
            file.nodes.append(node)
        rest = offsets.copy()
        for joint, parent in enumerate(parents):
            if parent >= 0:
                rest[joint] += rest[parent]
        inverse = np.tile(np.eye(4, dtype=np.float32), (len(rest), 1, 1))
        inverse[:, 3, :3] = -rest  # Columns first.
        skin = lib.Skin(
            name=name,
            joints=list(range(first, first + len(rest))),
            skeleton=first,
            inverseBindMatrices=self._array(inverse.reshape(-1, 16), "MAT4"),
        )
        file.skins.append(skin)
        mesh = self._mesh(name, rest, parents, names)
        file.meshes.append(mesh)
        body = lib.Node(name=name, mesh=len(file.meshes) - 1, skin=len(file.skins) - 1)
        file.nodes.append(body)
        file.scenes[0].nodes += [first, len(file.nodes) - 1]
        self._animate(first, motion, times)

    def _mesh(self, name, rest, parents, names):
        lib = self._lib
        parts = [
            _bone(rest[parent], rest[joint], parent, names[joint])
            for joint, parent in enumerate(parents)
            if parent >= 0
        ]
        vertices, normals, colours, joints = map(np.concatenate, zip(*parts))
        weights = np.tile(np.array([1, 0, 0, 0], np.float32), (len(vertices), 1))
        attributes = lib.Attributes(
            POSITION=self._array(vertices, "VEC3", with_bounds=True),
            NORMAL=self._array(normals, "VEC3"),
            COLOR_0=self._array(colours, "VEC3"),
            JOINTS_0=self._array(joints, "VEC4"),
            WEIGHTS_0=self._array(weights, "VEC4"),
        )
        primitive = lib.Primitive(attributes=attributes, material=0)
        return lib.Mesh(name=name, primitives=[primitive])

    def _animate(self, first, motion, times):
        lib, animation = self._lib, self._file.animations[0]
        inputs = self._array(times.astype(np.float32), "SCALAR", with_bounds=True)
        roots = (motion.positions[:, H36M_17.root] * _METRES).astype(np.float32)
        tracks = [(first, "translation", self._array(roots, "VEC3"))]
        for place in range(len(TURNING)):
            turns = Rotation.from_matrix(motion.rotations[:, place]).as_quat()
            # The shorter way between neighbours.
            same = np.sum(turns[1:] * turns[:-1], axis=1) >= 0
            turns[1:] *= np.cumprod(np.where(same, 1, -1))[:, None]
            turns = self._array(turns.astype(np.float32), "VEC4")
            tracks.append((first + place, "rotation", turns))
        for node, path, outputs in tracks:
            sampler = lib.AnimationSampler(
                input=inputs, output=outputs, interpolation="LINEAR"
            )
            animation.samplers.append(sampler)
            target = lib.AnimationChannelTarget(node=node, path=path)
            channel = lib.AnimationChannel(
                sampler=len(animation.samplers) - 1, target=target
            )
            animation.channels.append(channel)

    def _array(self, values, kind, with_bounds=False):
        """Adds an array and returns the number of its accessor."""
        lib, file = self._lib, self._file
        values = np.ascontiguousarray(values)
        types = {np.dtype(np.float32): lib.FLOAT, np.dtype(np.uint8): lib.UNSIGNED_BYTE}
        view = lib.BufferView(
            buffer=0, byteOffset=len(self._data), byteLength=values.nbytes
        )
        file.bufferViews.append(view)
        self._data += values.tobytes()
        self._data += b"\0" * (-len(self._data) % 4)
        accessor = lib.Accessor(
            bufferView=len(file.bufferViews) - 1,
            componentType=types[values.dtype],
            count=len(values),
            type=kind,
        )
        if with_bounds:
            table = values.reshape(len(values), -1)
            accessor.min, accessor.max = (
                bound.tolist() for bound in (table.min(axis=0), table.max(axis=0))
            )
        file.accessors.append(accessor)
        return len(file.accessors) - 1

    def save(self, path):
        """Writes the file."""
        self._file.buffers = [self._lib.Buffer(byteLength=len(self._data))]
        self._file.set_binary_blob(bytes(self._data))
        self._file.save_binary(os.fspath(path))


def _hierarchy(motion: Motion) -> tuple[list[int], list[str], np.ndarray]:
    """Parents, names and offsets (m) of 21 joints: those that turn, then their ends."""
    ends = [j for j in range(H36M_17.num_joints) if j not in TURNING]
    joints = [*TURNING, *ends]
    parents = [
        -1 if joint == H36M_17.root else joints.index(H36M_17.parents[joint])
        for joint in joints
    ]
    names = [JOINT_NAMES[joint] for joint in joints]
    offsets = [motion.rest[joint] for joint in joints]
    for joint, tip in motion.tips.items():
        parents.append(joints.index(joint))
        names.append(f"{JOINT_NAMES[joint]}End")
        offsets.append(tip)
    offsets[0] = motion.positions[:, H36M_17.root].mean(axis=0)
    return parents, names, np.array(offsets, np.float32) * np.float32(_METRES)


def _bone(start, end, joint, name):
    """Vertices, normals, colours and joints of a bone: two pyramids on one base."""
    way = end - start
    length = float(np.linalg.norm(way))
    along = way / max(length, 1e-6)
    aside = np.eye(3)[np.abs(along).argmin()]
    across = np.cross(along, aside)
    across /= np.linalg.norm(across)
    radius = min(_THICKNESS * length, _THICKEST)
    ring = [across, np.cross(along, across), -across, -np.cross(along, across)]
    base = [start + _WIDEST * way + radius * side for side in ring]
    triangles = []
    for i in range(4):
        first, second = base[i], base[(i + 1) % 4]
        triangles += [[start, second, first], [end, first, second]]
    vertices = np.array(triangles)
    normals = np.cross(vertices[:, 1] - vertices[:, 0], vertices[:, 2] - vertices[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    side = next((s for s in ("right", "left") if name.lower().startswith(s)), "")
    count = vertices.shape[0] * 3
    joints = np.zeros((count, 4), np.uint8)
    joints[:, 0] = joint
    return (
        vertices.reshape(-1, 3).astype(np.float32),
        np.repeat(normals, 3, axis=0).astype(np.float32),
        np.tile(np.array(_COLOURS[side], np.float32), (count, 1)),
        joints,
    )

"""Reads Acclaim skeletons (ASF) and motions (AMC), as the CMU database has them."""

from __future__ import annotations

import dataclasses
import os

import numpy as np

from propose_keras.data.errors import DataFileError

from .motion import Motion, euler_matrices, z_up


@dataclasses.dataclass(frozen=True, eq=False)
class Bone:
    """A bone of an ASF skeleton.

    Attributes:
        name: Its name.
        vector: From its start to its end in the rest pose, file units, `(3,)`.
        axes: Its own coordinate system in the rest pose, `(3, 3)`.
        degrees_of_freedom: Axes that motions turn it about, in their order: `xyz`.
    """

    name: str
    vector: np.ndarray
    axes: np.ndarray
    degrees_of_freedom: str


@dataclasses.dataclass(frozen=True, eq=False)
class AsfSkeleton:
    """An ASF skeleton.

    Attributes:
        bones: Name to bone, parents before children.
        parents: Name to the parent's name; bones at the root have `root`.
        root_order: The root's channels in their order, such as `TX TY TZ RX RY RZ`.
        unit_mm: Length of a unit in mm.
    """

    bones: dict[str, Bone]
    parents: dict[str, str]
    root_order: tuple[str, ...]
    unit_mm: float


def read_asf(path: str | os.PathLike) -> AsfSkeleton:
    """Reads a skeleton.

    Raises:
        FileNotFoundError: If there is no such file.
        DataFileError: If it is cut short, not ASF, or uses what CMU's files do not
            (radians, bones that change length, a root turned in the rest pose).
    """
    path = os.fspath(path)
    sections = _read_sections(path)
    try:
        units = dict(line.split()[:2] for line in sections["units"])
        if units.get("angle", "deg") != "deg":
            raise ValueError("angles are not in degrees")
        root = {line.split()[0]: line.split()[1:] for line in sections["root"]}
        if any(float(v) for v in root["position"] + root["orientation"]):
            raise ValueError("the root's rest position and orientation are not zero")
        bones = _read_bones(sections["bonedata"])
        parents = _read_parents(sections["hierarchy"], bones)
        return AsfSkeleton(
            bones={name: bones[name] for name in parents},
            parents=parents,
            root_order=tuple(channel.upper() for channel in root["order"]),
            unit_mm=25.4 / float(units["length"]),
        )
    except (KeyError, ValueError, IndexError) as error:
        raise DataFileError(
            f"{path} is not an ASF skeleton as the CMU database has them, or is cut "
            f"short: {error}."
        ) from error


def _read_sections(path: str) -> dict[str, list[str]]:
    if not os.path.isfile(path):
        raise FileNotFoundError(f"There is no file {path}.")
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    with open(path, encoding="latin1") as file:
        for line in file:
            line = line.partition("#")[0].strip()
            if line.startswith(":"):
                lines = sections.setdefault(line[1:].split()[0].lower(), [])
            elif line:
                lines.append(line)
    return sections


def _read_bones(lines: list[str]) -> dict[str, Bone]:
    bones, fields = {}, None
    for line in lines:
        key, *values = line.split()
        if key == "begin":
            fields = {"dof": []}
        elif key == "end":
            bone = _make_bone(fields)
            bones[bone.name] = bone
            fields = None
        elif fields is None:
            raise ValueError(f"{line!r} stands outside of begin and end")
        else:
            fields[key] = values
    if fields is not None:
        raise ValueError(f"the bone {fields.get('name')} has no end")
    return bones


def _make_bone(fields: dict[str, list[str]]) -> Bone:
    name = fields["name"][0]
    freedoms = "".join(f.lower().removeprefix("r") for f in fields["dof"])
    if len(freedoms) != len(fields["dof"]) or set(freedoms) - set("xyz"):
        raise ValueError(f"{name} moves in {fields['dof']}; only rotations are read")
    *angles, order = fields["axis"]
    direction = np.array(fields["direction"], float)
    if direction.shape != (3,) or len(angles) != 3 or sorted(order) != sorted("XYZ"):
        raise ValueError(f"{name} needs a direction and an axis of three numbers")
    return Bone(
        name=name,
        vector=direction * float(fields["length"][0]),
        # Axes are named in the order they are applied: the first is the rightmost.
        axes=euler_matrices(np.array(angles, float)[::-1], order[::-1].lower()),
        degrees_of_freedom=freedoms,
    )


def _read_parents(lines: list[str], bones: dict[str, Bone]) -> dict[str, str]:
    if [lines[0], lines[-1]] != ["begin", "end"]:
        raise ValueError("the hierarchy has no begin and end")
    parents: dict[str, str] = {}
    for line in lines[1:-1]:
        parent, *children = line.split()
        if parent != "root" and parent not in parents:
            raise ValueError(f"{parent} has children but no parent")
        for child in children:
            if child not in bones or child in parents:
                raise ValueError(f"{child} is not a bone or has two parents")
            parents[child] = parent
    return parents


def read_amc(
    path: str | os.PathLike, skeleton: AsfSkeleton, frame_rate: float = 120.0
) -> Motion:
    """Reads a motion and computes where the bones end.

    A bone's world rotation is its parent's times `C M C^-1`, with `C` its axes in the
    rest pose and `M` the motion's rotation; it ends where its parent ends plus that
    rotation of its rest vector. The files are y up.

    Args:
        path: The file.
        skeleton: The skeleton it belongs to.
        frame_rate: Frames per second, which the format does not state; the CMU
            database is at 120.

    Returns:
        The motion; a joint is the end of the bone of that name, or `root`.

    Raises:
        FileNotFoundError: If there is no such file.
        DataFileError: If it is cut short, not AMC, or of another skeleton.
    """
    path = os.fspath(path)
    channels = {"root": len(skeleton.root_order)}
    for bone in skeleton.bones.values():
        if bone.degrees_of_freedom:
            channels[bone.name] = len(bone.degrees_of_freedom)
    values = _read_frames(path, channels)
    root = dict(zip(skeleton.root_order, values["root"].T))
    angles = np.stack([root["RZ"], root["RY"], root["RX"]], axis=-1)
    rotations = {"root": euler_matrices(angles, "zyx")}
    positions = {"root": np.stack([root["TX"], root["TY"], root["TZ"]], axis=-1)}
    for name, bone in skeleton.bones.items():
        parent = skeleton.parents[name]
        rotation = rotations[parent]
        if bone.degrees_of_freedom:
            order = bone.degrees_of_freedom[::-1]
            local = euler_matrices(values[name][:, ::-1], order)
            rotation = rotation @ (bone.axes @ local @ bone.axes.T)
        rotations[name] = rotation
        positions[name] = positions[parent] + rotation @ bone.vector
    return Motion(
        joint_names=tuple(positions),
        positions=z_up(np.stack(list(positions.values()), axis=1)) * skeleton.unit_mm,
        frame_rate=frame_rate,
    )


def _read_frames(path: str, channels: dict[str, int]) -> dict[str, np.ndarray]:
    if not os.path.isfile(path):
        raise FileNotFoundError(f"There is no file {path}.")
    rows: dict[str, list[list[float]]] = {name: [] for name in channels}
    num_frames, in_degrees = 0, False
    with open(path, encoding="latin1") as file:
        for number, line in enumerate(file, start=1):
            name, *numbers = line.partition("#")[0].split() or [""]
            if name.upper() == ":DEGREES":
                in_degrees = True
            elif name.isdigit() and not numbers:
                _check_complete(path, rows, num_frames)
                num_frames += 1
            elif name and not name.startswith(":"):
                try:
                    row = [float(n) for n in numbers]
                except ValueError:
                    row = []
                if len(row) != channels.get(name) or not np.isfinite(row).all():
                    raise DataFileError(
                        f"{path}, line {number}: the skeleton has "
                        f"{channels.get(name, 0)} degrees of freedom for {name!r}, "
                        f"received {line.strip()!r}. The file is cut short or belongs "
                        "to another skeleton."
                    )
                rows[name].append(row)
    if not num_frames or not in_degrees:
        raise DataFileError(
            f"{path} is not an AMC file in degrees: {num_frames} frames, :DEGREES is "
            f"{'there' if in_degrees else 'missing'}."
        )
    _check_complete(path, rows, num_frames)
    return {name: np.array(values) for name, values in rows.items()}


def _check_complete(path: str, rows: dict[str, list], num_frames: int) -> None:
    incomplete = [name for name, values in rows.items() if len(values) != num_frames]
    if incomplete:
        raise DataFileError(
            f"{path}: frame {num_frames} lacks or repeats the bones {incomplete}. The "
            "file is cut short or belongs to another skeleton."
        )

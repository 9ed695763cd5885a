"""Reads Biovision BVH files."""

import dataclasses
import os

import numpy as np

from propose_keras.data.errors import DataFileError

from .motion import CMU_UNIT_MM, Motion, euler_matrices, z_up


@dataclasses.dataclass
class _Joint:
    name: str
    parent: int
    offset: np.ndarray | None = None
    channels: tuple[str, ...] = ()


def read_bvh(
    path: str | os.PathLike, unit_mm: float = CMU_UNIT_MM, mend_thorax: bool = True
) -> Motion:
    """Reads a BVH file and computes where its joints are.

    A joint's world rotation is its parent's times the product of its channels in the
    order listed; its position the parent's plus the parent's rotation of its offset,
    or of its position channels where it has them. The files are y up.

    Two things that conversions of the CMU database do are undone. They begin with a
    rest pose that is not part of the motion: it is left out where the root of the
    first frame is not turned at all and that of the second is. And they lose the
    bone `thorax`, 12 cm, so that neck and shoulders sit on the joint `Spine1`
    (`Chest2` in the release for 3ds Max): see `mend_thorax`.

    Args:
        path: The file.
        unit_mm: Length unit, which the format does not state, in mm.
        mend_thorax: Whether to put the lost bone back, where neck and shoulders do sit
            on that joint, with the offset of the bone below: CMU's three bones of the
            back are alike.

    Returns:
        The motion. An `End Site` is named after its joint, `LeftFoot_end`.

    Raises:
        FileNotFoundError: If there is no such file.
        DataFileError: If the file is cut short or not BVH.
    """
    path = os.fspath(path)
    if not os.path.isfile(path):
        raise FileNotFoundError(f"There is no file {path}.")
    with open(path, encoding="latin1") as file:
        header, found, motion = file.read().partition("MOTION")
    if not found:
        raise DataFileError(
            f"{path} is not a BVH file or is cut short: it has no MOTION."
        )
    joints = _read_hierarchy(header, path)
    if mend_thorax:
        _mend_thorax(joints)
    frame_rate, values = _read_motion(motion, joints, path)
    positions = _forward_kinematics(joints, values)
    root = [c.endswith("rotation") for c in joints[0].channels]
    turned = values[:2, : len(root)][:, root].any(axis=1)
    if len(turned) == 2 and not turned[0] and turned[1]:
        positions = positions[1:]
    return Motion(
        joint_names=tuple(j.name for j in joints),
        positions=z_up(positions) * unit_mm,
        frame_rate=frame_rate,
    )


def _read_hierarchy(text: str, path: str) -> list[_Joint]:
    joints: list[_Joint] = []
    open_joints: list[int] = []
    tokens = iter(text.split())
    try:
        for token in tokens:
            parent = open_joints[-1] if open_joints else -1
            if token in ("ROOT", "JOINT"):
                joints.append(_Joint(next(tokens), parent))
            elif token == "End":
                next(tokens)
                joints.append(_Joint(f"{joints[parent].name}_end", parent))
            elif token == "{":
                open_joints.append(len(joints) - 1)
            elif token == "}":
                open_joints.pop()
            elif token == "OFFSET":
                joints[parent].offset = np.array([float(next(tokens)) for _ in "xyz"])
            elif token == "CHANNELS":
                count = int(next(tokens))
                joints[parent].channels = tuple(next(tokens) for _ in range(count))
            elif token != "HIERARCHY":
                raise ValueError(f"did not expect {token!r}")
    except (StopIteration, ValueError, IndexError) as error:
        where = joints[-1].name if joints else "its start"
        raise DataFileError(
            f"{path}: HIERARCHY is damaged near {where}: {error or 'it ends early'}."
        ) from error
    incomplete = [j.name for j in joints if j.offset is None]
    if not joints or open_joints or incomplete:
        raise DataFileError(
            f"{path}: the HIERARCHY is incomplete: "
            f"{len(joints)} joints, {len(open_joints)} braces open, "
            f"without OFFSET: {incomplete}."
        )
    known = {f"{a}{kind}" for a in "XYZ" for kind in ("position", "rotation")}
    for joint in joints:
        if not known.issuperset(joint.channels):
            raise DataFileError(
                f"{path}: joint {joint.name} has the channels {joint.channels}; "
                f"known are {sorted(known)}."
            )
    return joints


# The joint that lost the bone above it, and what sits on it, in both releases.
_LOST_THORAX = {
    "Spine1": ("Neck", "LeftShoulder", "RightShoulder"),
    "Chest2": ("lowerneck", "LeftCollar", "RightCollar"),
}


def _mend_thorax(joints: list[_Joint]) -> None:
    by_name = {joint.name: joint for joint in joints}
    for spine, children in _LOST_THORAX.items():
        found = [by_name[name] for name in children if name in by_name]
        if len(found) < len(children) or any(j.offset.any() for j in found):
            continue
        if all(joints[child.parent].name == spine for child in found):
            for child in found:
                child.offset = by_name[spine].offset


def _read_motion(text: str, joints: list[_Joint], path: str):
    lines = text.split("\n", 3)
    try:
        num_frames = int(lines[1].partition("Frames:")[2])
        frame_time = float(lines[2].partition("Frame Time:")[2])
        values = np.array(lines[3].split(), float)
    except (IndexError, ValueError) as error:
        raise DataFileError(f"{path}: cannot read MOTION: {error}.") from error
    num_channels = sum(len(j.channels) for j in joints)
    if values.size != num_frames * num_channels or num_frames < 1 or frame_time <= 0:
        raise DataFileError(
            f"{path}: MOTION announces {num_frames} frames of {num_channels} numbers "
            f"every {frame_time} s; {values.size} numbers follow. The file is cut "
            "short or damaged."
        )
    if not np.isfinite(values).all():
        raise DataFileError(f"{path}: MOTION holds numbers that are not finite.")
    return 1 / frame_time, values.reshape(num_frames, num_channels)


def _forward_kinematics(joints: list[_Joint], values: np.ndarray) -> np.ndarray:
    num_frames = len(values)
    positions = np.empty((num_frames, len(joints), 3))
    rotations = np.empty((num_frames, len(joints), 3, 3))
    first = 0
    for index, joint in enumerate(joints):
        own = values[:, first : first + len(joint.channels)]
        first += len(joint.channels)
        turns = [i for i, c in enumerate(joint.channels) if c.endswith("rotation")]
        axes = "".join(joint.channels[i][0].lower() for i in turns)
        local = euler_matrices(own[:, turns], axes)
        offset = np.tile(joint.offset, (num_frames, 1))
        for i, channel in enumerate(joint.channels):
            if channel.endswith("position"):
                offset[:, "XYZ".index(channel[0])] = own[:, i]
        if joint.parent < 0:
            positions[:, index], rotations[:, index] = offset, local
        else:
            parent = rotations[:, joint.parent]
            moved = (parent @ offset[..., None])[..., 0]
            positions[:, index] = positions[:, joint.parent] + moved
            rotations[:, index] = parent @ local
    return positions

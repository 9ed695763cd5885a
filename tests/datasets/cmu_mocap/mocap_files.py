"""Writes one motion as ASF/AMC and as BVH, on a skeleton like the CMU database's."""

import os

import numpy as np
from scipy.spatial.transform import Rotation

# Bone, parent, rest vector in file units, degrees of freedom.
_BONES = [
    ("lhipjoint", "root", (1.4, -1.8, 0.8), ""),
    ("lfemur", "lhipjoint", (2.4, -6.7, 0), "xyz"),
    ("ltibia", "lfemur", (2.5, -6.8, 0), "x"),
    ("lfoot", "ltibia", (0.2, -0.5, 2.1), "xz"),
    ("rhipjoint", "root", (-1.4, -1.8, 0.8), ""),
    ("rfemur", "rhipjoint", (-2.4, -6.7, 0), "xyz"),
    ("rtibia", "rfemur", (-2.5, -6.8, 0), "x"),
    ("rfoot", "rtibia", (-0.2, -0.5, 2.1), "xz"),
    ("lowerback", "root", (0, 2.1, -0.1), "xyz"),
    ("upperback", "lowerback", (0, 2.0, 0.1), "xyz"),
    ("thorax", "upperback", (0, 2.0, 0.1), "xyz"),
    ("lowerneck", "thorax", (0, 1.6, 0.1), "xyz"),
    ("upperneck", "lowerneck", (0, 1.5, -0.1), "xyz"),
    ("head", "upperneck", (0, 1.6, 0), "xyz"),
    ("lclavicle", "thorax", (3.5, 0.9, -0.2), "yz"),
    ("lhumerus", "lclavicle", (4.9, 0, 0), "xyz"),
    ("lradius", "lhumerus", (3.4, 0, 0), "x"),
    ("rclavicle", "thorax", (-3.5, 0.8, -0.3), "yz"),
    ("rhumerus", "rclavicle", (-5.0, 0, 0), "xyz"),
    ("rradius", "rhumerus", (-3.4, 0, 0), "x"),
]
# The joint at a bone's start, as the BVH conversions name it.
_BVH_NAMES = {
    **{"lhipjoint": "LHipJoint", "lfemur": "LeftUpLeg", "ltibia": "LeftLeg"},
    **{"rhipjoint": "RHipJoint", "rfemur": "RightUpLeg", "rtibia": "RightLeg"},
    **{"lfoot": "LeftFoot", "rfoot": "RightFoot", "lowerback": "LowerBack"},
    **{"upperback": "Spine", "thorax": "Spine1", "lowerneck": "Neck"},
    **{"upperneck": "Neck1", "head": "Head", "lclavicle": "LeftShoulder"},
    **{"lhumerus": "LeftArm", "lradius": "LeftForeArm", "lwrist": "LeftHand"},
    **{"rclavicle": "RightShoulder", "rhumerus": "RightArm"},
    **{"rradius": "RightForeArm", "rwrist": "RightHand"},
}


class Motion:
    """Random angles of the skeleton: degrees per bone, `(frames, 3)`, and the root."""

    def __init__(self, num_frames=6, seed=0):
        rng = np.random.default_rng(seed)
        self.num_frames = num_frames
        self.root_position = rng.normal(0, 1, (num_frames, 3)) + [0, 17, 0]
        self.root_angles = rng.uniform(-40, 40, (num_frames, 3))
        self.axes = {name: rng.uniform(-60, 60, 3) for name, *_ in _BONES}
        self.angles = {
            name: rng.uniform(-50, 50, (num_frames, 3)) * [d in dof for d in "xyz"]
            for name, _, _, dof in _BONES
        }

    def local_rotation(self, bone):
        """World-aligned rotation of a bone in its parent's frame."""
        axes = Rotation.from_euler("xyz", self.axes[bone], degrees=True)
        own = Rotation.from_euler("xyz", self.angles[bone], degrees=True)
        return axes * own * axes.inv()


def _numbers(values):
    return " ".join(f"{v:.8f}" for v in values)


def write_asf(path, motion, length=0.45, **replaced):
    lines = [
        *("# AST/ASF file generated", ":version 1.10", ":name VICON", ":units"),
        *("  mass 1.0", f"  length {length}", "  angle deg", ":documentation"),
        *("   written by a test", ":root", "   order TX TY TZ RX RY RZ"),
        *("   axis XYZ", "   position 0 0 0", "   orientation 0 0 0", ":bonedata"),
    ]
    for number, (name, _, vector, dof) in enumerate(_BONES, start=1):
        bone_length = np.linalg.norm(vector)
        lines += [
            *("  begin", f"     id {number}", f"     name {name}"),
            f"     direction {_numbers(np.array(vector) / bone_length)}",
            f"     length {bone_length:.8f}",
            f"     axis {_numbers(motion.axes[name])}  XYZ",
        ]
        if dof:
            lines.append("    dof " + " ".join(f"r{d}" for d in dof))
            lines += [f"    {'limits' if d == dof[0] else ''} (-180 180)" for d in dof]
        lines.append("  end")
    lines += [":hierarchy", "  begin"]
    parents = dict.fromkeys(parent for _, parent, *_ in _BONES)
    for parent in parents:
        children = [name for name, p, *_ in _BONES if p == parent]
        lines.append(f"    {parent} {' '.join(children)}")
    text = "\n".join([*lines, "  end", ""])
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    _write(path, text)


def write_amc(path, motion):
    lines = ["#!OML:ASF H:\\liu.ASF", ":FULLY-SPECIFIED", ":DEGREES"]
    for frame in range(motion.num_frames):
        root = [*motion.root_position[frame], *motion.root_angles[frame]]
        lines += [str(frame + 1), f"root {_numbers(root)}"]
        for name, _, _, dof in _BONES:
            if dof:
                values = [motion.angles[name][frame]["xyz".index(d)] for d in dof]
                lines.append(f"{name} {_numbers(values)}")
    _write(path, "\n".join([*lines, ""]))


# The names of the release for 3ds Max, where they differ.
MAX_NAMES = {
    **{"LeftUpLeg": "LeftHip", "LeftLeg": "LeftKnee", "LeftFoot": "LeftAnkle"},
    **{"RightUpLeg": "RightHip", "RightLeg": "RightKnee", "RightFoot": "RightAnkle"},
    **{"LowerBack": "lowerback", "Spine": "Chest", "Spine1": "Chest2"},
    **{"Neck": "lowerneck", "Neck1": "Neck", "LeftShoulder": "LeftCollar"},
    **{"LeftArm": "LeftShoulder", "LeftForeArm": "LeftElbow", "LeftHand": "LeftWrist"},
    **{"RightShoulder": "RightCollar", "RightArm": "RightShoulder"},
    **{"RightForeArm": "RightElbow", "RightHand": "RightWrist"},
}


def write_bvh(
    path,
    motion,
    frame_time=1 / 120,
    with_thorax=False,
    rest_pose=True,
    scale=1.0,
    names=None,
):
    """The motion as CMU's conversions have it: without `thorax`, with a rest pose."""
    vectors = {name: np.array(vector) * scale for name, _, vector, _ in _BONES}
    parents = {name: parent for name, parent, *_ in _BONES}
    if not with_thorax:
        vectors["thorax"] = np.zeros(3)
    order = []

    def joint(bone, depth):
        # A bone's joint is at its start, which is its parent's end.
        pad = "\t" * depth
        offset = vectors.get(parents.get(bone), np.zeros(3))
        order.append(bone)
        children = [name for name in parents if parents[name] == bone]
        body = "".join(joint(child, depth + 1) for child in children)
        if bone in ("lradius", "rradius"):
            body = joint(bone.replace("radius", "wrist"), depth + 1)
        elif not children:
            end = vectors.get(bone, np.ones(3))
            body = f"{pad}\tEnd Site\n{pad}\t{{\n{pad}\t\tOFFSET {_numbers(end)}\n"
            body += f"{pad}\t}}\n"
        if bone in ("lwrist", "rwrist"):
            offset = vectors[bone.replace("wrist", "radius")]
        return (
            f"{pad}JOINT {(names or {}).get(_BVH_NAMES[bone], _BVH_NAMES[bone])}\n"
            f"{pad}{{\n"
            f"{pad}\tOFFSET {_numbers(offset)}\n"
            f"{pad}\tCHANNELS 3 Zrotation Yrotation Xrotation\n{body}{pad}}}\n"
        )

    body = "".join(joint(b, 1) for b in parents if parents[b] == "root")
    header = (
        "HIERARCHY\nROOT Hips\n{\n\tOFFSET 0 0 0\n\tCHANNELS 6 Xposition Yposition "
        f"Zposition Zrotation Yrotation Xrotation\n{body}}}\n"
    )
    root = [motion.root_position * scale, motion.root_angles[:, ::-1]]
    columns = [
        motion.local_rotation(b).as_euler("ZYX", degrees=True)
        if b in vectors
        else np.zeros((motion.num_frames, 3))
        for b in order
    ]
    rows = np.concatenate([*root, *columns], axis=1)
    if rest_pose:
        rest = np.concatenate([rows[:1, :3], np.zeros((1, rows.shape[1] - 3))], axis=1)
        rows = np.concatenate([rest, rows])
    _write(
        path,
        f"{header}MOTION\nFrames: {len(rows)}\nFrame Time: {frame_time:.7f}\n"
        + "".join(f"{_numbers(row)}\n" for row in rows),
    )


def write_npz(path, lengths=None, **changes):
    """Retargeted motion: people who stand and turn, 60 Hz, metres."""
    lengths = lengths or {"amc/05_01": 4, "amc/02_03": 6, "expmap/train/walking_4": 5}
    num_frames = sum(lengths.values())
    rng = np.random.default_rng(0)
    pose = np.zeros((17, 3))
    pose[:, 2] = [0.9, 0.9, 0.5, 0.1, 0.9, 0.5, 0.1, 1.1, 1.4, 1.5, 1.6] + [1.3] * 6
    pose[:, 0] = [
        0,
        0.1,
        0.1,
        0.1,
        -0.1,
        -0.1,
        -0.1,
        0,
        0,
        0,
        0,
        *[-0.2] * 3,
        *[0.2] * 3,
    ]
    arrays = {
        "positions": (pose + rng.normal(0, 0.02, (num_frames, 17, 3))).astype("f4"),
        "sequence_names": np.array(list(lengths)),
        "sequence_offsets": np.cumsum([0, *lengths.values()]),
        **changes,
    }
    os.makedirs(os.path.dirname(path), exist_ok=True)
    np.savez(path, **arrays)
    return arrays


def _write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)

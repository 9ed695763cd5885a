"""Does the distribution hold both answers where the depth of a limb is ambiguous?

    python benchmarks/second_modes.py --data_dir=DIR --dataset=cmu_mocap,ui_prmd

Seen by one camera, the end of a limb may lie before or behind its parent joint: the
line of sight meets the sphere of the limb's length twice. Poses of the test splits are
searched for limbs whose second answer a person can take, too: knees bend backwards, and
by no more than 150 degrees, elbows by no more than 150 degrees, and the two answers
differ by 150 mm at least. Of these limbs it is counted how often the hypotheses hold,
within 60 mm of the vector from the parent joint to the end, the true answer, the
reflected one, and both.

The camera is that of `preset_groups.py`; keypoints are exact.
"""

import warnings

import numpy as np
from preset_groups import Conditions, run, see, upright

from propose_keras import Lifter
from propose_keras.data import load_arrays
from propose_keras.inference.person_check import PersonWarning
from propose_keras.skeletons import H36M_17

# Parent, end and the joint above the parent.
LIMBS = {
    "left forearm": ("LElbow", "LWrist", "LShoulder"),
    "right forearm": ("RElbow", "RWrist", "RShoulder"),
    "left shin": ("LKnee", "LFoot", "LHip"),
    "right shin": ("RKnee", "RFoot", "RHip"),
}
_MOST_BENT, _APART, _WITHIN = 150.0, 150.0, 60.0
# Degrees that a knee may seem to bend forwards by.
_FORWARD = 10.0
_DISTANCE = 4.0
_CAMERA = Conditions(distance=_DISTANCE, noise=0.0)


def reflected(parent, end):
    """The other point on the line of sight of `end` as far from `parent`.

    Args:
        parent: `(N, 3)` mm in the camera's frame.
        end: `(N, 3)` mm in the camera's frame.

    Returns:
        `(N, 3)` mm: `end` itself where the line only touches the sphere.
    """
    ray = end / np.linalg.norm(end, axis=-1, keepdims=True)
    nearest = np.sum(parent * ray, axis=-1, keepdims=True) * ray
    return 2 * nearest - end


def is_possible(upper, lower, forward, is_knee):
    """Whether a joint between two segments can be bent like that.

    Args:
        upper: From the joint above to the joint, `(N, 3)`.
        lower: From the joint to the end, `(N, 3)`.
        forward: Where the hips face, unit vectors `(N, 3)`.
        is_knee: Whether it is a knee, which does not bend forwards.
    """
    upper = upper / np.linalg.norm(upper, axis=-1, keepdims=True)
    lower = lower / np.linalg.norm(lower, axis=-1, keepdims=True)
    cosine = np.sum(upper * lower, axis=-1)
    possible = cosine > np.cos(np.radians(_MOST_BENT))
    if not is_knee:
        return possible
    # What of the shin points to the front of the thigh.
    front = forward - np.sum(forward * upper, axis=-1, keepdims=True) * upper
    front /= np.maximum(np.linalg.norm(front, axis=-1, keepdims=True), 1e-6)
    return possible & (np.sum(lower * front, axis=-1) < np.sin(np.radians(_FORWARD)))


def facing(pose):
    """Where the hips face, unit vectors `(N, 3)`; x right, y down, z forward."""
    index = H36M_17.index
    across = pose[:, index("LHip")] - pose[:, index("RHip")]
    up = pose[:, index("Spine")] - pose[:, index("Hip")]
    forward = np.cross(across, up)
    return forward / np.maximum(np.linalg.norm(forward, axis=-1, keepdims=True), 1e-6)


def ambiguous(pose, limb):
    """Rows of poses whose limb has a second answer, and its vector from the parent.

    Args:
        pose: `(N, 17, 3)` mm in the camera's frame.
        limb: A name of `LIMBS`.
    """
    parent, end, above = (pose[:, H36M_17.index(name)] for name in LIMBS[limb])
    other = reflected(parent, end)
    apart = np.linalg.norm(other - end, axis=-1) > _APART
    forward, is_knee = facing(pose), "shin" in limb
    possible = is_possible(parent - above, other - parent, forward, is_knee)
    # The true one is possible, too, or the limits are not this person's.
    possible &= is_possible(parent - above, end - parent, forward, is_knee)
    return np.flatnonzero(apart & possible), other - parent


def evaluate(values):
    """Counts by limb."""
    generator = np.random.default_rng(values.seed)
    parts = [
        upright(load_arrays(name, values.data_dir, values.split))
        for name in values.dataset.split(",")
    ]
    world = np.concatenate(
        [p[generator.permutation(len(p))[: values.poses]] for p in parts]
    )
    relative, keypoints = see(world, _CAMERA, generator)
    pose = relative + [0, 0, 1000 * _DISTANCE]
    lifter = Lifter.from_preset(
        values.preset,
        num_hypotheses=values.num_hypotheses,
        batch_size=64,
        seed=values.seed,
        detector_noise=0.0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PersonWarning)
        lifted = lifter(keypoints, "h36m17", (1920, 1080), track=False)
    rows = {}
    for limb, (parent, end, _) in LIMBS.items():
        found, other = ambiguous(pose, limb)
        truth = pose[:, H36M_17.index(end)] - pose[:, H36M_17.index(parent)]
        vectors = (
            lifted.hypotheses[found, :, H36M_17.index(end)]
            - lifted.hypotheses[found, :, H36M_17.index(parent)]
        )
        hits = [
            (np.linalg.norm(vectors - answer[found, None], axis=-1) < _WITHIN).any(1)
            for answer in (truth, other)
        ]
        rows[limb] = {
            "limbs": len(found),
            "true": float(np.mean(hits[0])) if len(found) else float("nan"),
            "reflected": float(np.mean(hits[1])) if len(found) else float("nan"),
            "both": float(np.mean(hits[0] & hits[1])) if len(found) else float("nan"),
        }
    return rows


def table(rows):
    """Markdown."""
    lines = ["| | limbs | true | reflected | both |", "|---|---|---|---|---|"]
    for limb, row in rows.items():
        shares = " | ".join(
            f"{row[name]:.2f}" for name in ("true", "reflected", "both")
        )
        lines.append(f"| {limb} | {row['limbs']:,} | {shares} |")
    total = sum(row["limbs"] for row in rows.values())
    both = sum(row["limbs"] * row["both"] for row in rows.values() if row["limbs"])
    lines.append(f"| all | {total:,} | | | {both / max(total, 1):.2f} |")
    return "\n".join(lines)


def main(arguments=None):
    """The program."""
    run(evaluate, table, __doc__, (1000, "of each data set"), arguments)


if __name__ == "__main__":
    main()

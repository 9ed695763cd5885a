"""Walks of the synthetic human, as a lifter without errors would give them."""

import functools

import numpy as np
from lifted_poses import lifted_poses
from synthetic_human.clips import Take, make_examples

FRAME_RATE = 30.0


@functools.cache
def walk(subject="S9", seconds=6.0, action="Walking"):
    """The clip of one camera: `pose_3d`, `rotation`, `translation` and so on."""
    take = Take(subject, action, 1)
    _, clip = next(make_examples(take, seconds, FRAME_RATE, 0))
    return clip


def placed(pose_3d, **changes):
    """`LiftedPoses` of `(n, 17, 3)` mm in the camera's frame; others as fields."""
    root = np.asarray(pose_3d, "float32")[:, 0]
    covariance = np.diag([1e2, 1e2, 1e4]).astype("float32")
    fields = {
        "root": root,
        "root_hypotheses": np.repeat(root[:, None], 3, axis=1),
        "root_covariance": np.tile(covariance, (len(root), 1, 1)),
    }
    return lifted_poses(pose_3d - root[:, None], **{**fields, **changes})

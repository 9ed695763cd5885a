"""Lifted poses for tests of writers."""

import numpy as np

from propose_keras.inference import LiftedPoses


def lifted_poses(mode, frame_name=None, **changes):
    """One row per pose `(n, 17, 3)`; keyword arguments replace what is written here.

    Without `frame` times are the names if those are ints, else places.
    """
    mode = np.asarray(mode, "float32")
    n = len(mode)
    names = list(range(n)) if frame_name is None else list(frame_name)
    times = names if all(isinstance(name, int) for name in names) else range(n)
    hypotheses = changes.get("hypotheses", np.repeat(mode[:, None], 3, axis=1))
    fields = {
        "frame": np.array(times, np.int64),
        "frame_name": names,
        "person": np.zeros(n, np.int64),
        "mode": mode,
        "hypotheses": hypotheses,
        "mean": mode,
        "spread": np.zeros((n, 17), "float32"),
        "spread_about_thorax": np.zeros((n, 17), "float32"),
        "mode_latent_log_prob": np.zeros(n, "float32"),
        "root": np.full((n, 3), np.nan, "float32"),
        "root_hypotheses": np.full((n, hypotheses.shape[1], 3), np.nan, "float32"),
        "root_covariance": np.full((n, 3, 3), np.nan, "float32"),
        "keypoints": mode[..., :2],
        "scores": np.ones((n, 17), "float32"),
        "missing": np.zeros((n, 17), bool),
        "sides_exchanged": np.zeros(n, bool),
    }
    return LiftedPoses(**{**fields, **changes})

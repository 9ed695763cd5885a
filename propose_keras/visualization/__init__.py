"""Drawings of poses and of fans of hypotheses; needs the extra `visualization`."""

from propose_keras.visualization.skeleton import (
    draw_hypotheses,
    draw_keypoints_2d,
    draw_pose_3d,
    figure_hypotheses,
)

__all__ = [
    "draw_hypotheses",
    "draw_keypoints_2d",
    "draw_pose_3d",
    "figure_hypotheses",
]

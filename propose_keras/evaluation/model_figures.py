"""The paper's Figs. 3 and 4 of a model: its latents, and hypotheses of a few poses."""

import os
import pathlib

from keras import ops

from propose_keras.data.arrays import PoseArrays
from propose_keras.drawing import figure_hypotheses
from propose_keras.evaluation import figures
from propose_keras.evaluation.latent_plane import draw_latent_means, spread_out_rows
from propose_keras.evaluation.latents import instance_depths, latent_means
from propose_keras.pose_model import (
    PoseModel,
    has_latent_density,
    is_probabilistic,
)

# Poses and hypotheses of each in the figure of hypotheses.
_NUM_FANS, _FAN_SIZE = 4, 50


def write_model_figures(
    model: PoseModel, poses: PoseArrays, output_dir: str | os.PathLike, seed: int = 0
) -> None:
    """Writes `hypotheses` and `latent_means`, PNG and PDF.

    `latent_means` (Fig. 3) is of models with a latent density only; nothing is written
    of a model that is not probabilistic.

    Args:
        model: The model.
        poses: Poses with finite ground truth.
        output_dir: Folder, made if it is not there.
        seed: Of the hypotheses.

    Raises:
        ImportError: If matplotlib is not installed.
    """
    if not is_probabilistic(model):
        return
    folder = pathlib.Path(output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    if has_latent_density(model):
        points = latent_means(model, poses)
        figure = draw_latent_means(
            points,
            poses.labels("action"),
            poses.pose_3d,
            depths=lambda rows: instance_depths(model, poses.subset(rows)),
        )
        figures.save(figure, folder / "latent_means")
    else:
        centred = poses.pose_3d - poses.pose_3d[:, :1]
        points = centred.reshape(len(poses), -1)
    # Poses far from each other, as in Fig. 3, so that the hypotheses differ.
    chosen = poses.subset(spread_out_rows(points, _NUM_FANS))
    hypotheses = model.sample(
        keypoints=chosen.keypoints_2d,
        image_size=chosen.image_sizes(),
        num_hypotheses=_FAN_SIZE,
        seed=seed,
    )
    mode = model.mode(keypoints=chosen.keypoints_2d, image_size=chosen.image_sizes())
    figure = figure_hypotheses(
        chosen.keypoints_2d,
        ops.convert_to_numpy(hypotheses),
        chosen.pose_3d,
        ops.convert_to_numpy(mode),
        folder / "hypotheses.png",
        titles=list(chosen.labels("action")),
    )
    figures.save(figure, folder / "hypotheses")

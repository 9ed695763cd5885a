import dataclasses

import keras
import numpy as np
import pytest
from keras import ops

from propose_keras.evaluation import figures
from propose_keras.evaluation.latent_plane import (
    action_groups,
    draw_latent_means,
    spread_out_rows,
)
from propose_keras.evaluation.latents import instance_depths, latent_means
from propose_keras.evaluation.model_figures import write_model_figures
from propose_keras.model import ProPose

pytest.importorskip("matplotlib")


def test_figures_of_a_report_are_png_and_pdf(report, tmp_path):
    figures.write_figures(report, tmp_path / "new")
    written = {p.name: p.read_bytes() for p in (tmp_path / "new").iterdir()}
    assert sorted(written) == sorted(
        f"{name}.{ending}"
        for name in (
            "calibration",
            "error_by_action",
            "error_by_joint",
            "error_by_num_hypotheses",
        )
        for ending in ("pdf", "png")
    )
    for name, content in written.items():
        assert content.startswith(b"%PDF" if name.endswith("pdf") else b"\x89PNG")


def test_actions_stand_in_the_papers_order_and_the_average_last(report):
    (axes,) = figures.draw_error_by_action(report).axes
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert labels == ["Dir.", "Walk", "Sports", "Avg."]
    mode = axes.get_lines()[0]
    np.testing.assert_allclose(mode.get_ydata(), [65.0, 60.0, 69.0, 64.0])


def test_series_differ_without_colour(report):
    (axes,) = figures.draw_error_by_action(report).axes
    markers = [
        line.get_marker() for line in axes.get_lines() if line.get_label()[0] != "_"
    ]
    assert len(set(markers)) == 3


def test_calibration_draws_the_curve_and_its_error(report):
    (axes,) = figures.draw_calibration({"ours": report.hypotheses}).axes
    curve = next(x for x in axes.get_lines() if x.get_label() == "ours, ECE 0.120")
    np.testing.assert_allclose(curve.get_xydata(), [[0, 0], [0.5, 0.4], [1, 0.9]])


def test_errors_that_are_not_finite_are_left_out_of_figures(report):
    broken = dataclasses.replace(report.results["1"], mpjpe=None)
    report = dataclasses.replace(
        report,
        results={**report.results, "1": broken},
        error_by_joint={**report.error_by_joint, "RHip": None},
        hypotheses=dataclasses.replace(report.hypotheses, ece=None),
    )
    (axes,) = figures.draw_error_by_action(report).axes
    assert np.isnan(axes.get_lines()[1].get_ydata()[-1])
    (axes,) = figures.draw_error_by_joint(report).axes
    assert np.isnan(axes.patches[1].get_width())
    (axes,) = figures.draw_calibration({"ours": report.hypotheses}).axes
    assert "ours, ECE not finite" in {x.get_label() for x in axes.get_lines()}


def test_spread_out_rows_are_far_from_each_other(rng):
    clusters = np.array([[0, 0], [100, 0], [0, 100], [100, 100]])
    points = np.repeat(clusters, 50, axis=0) + rng.normal(size=(200, 2))
    rows = spread_out_rows(points, 4)
    assert {tuple(np.round(points[row], -2)) for row in rows} == {
        tuple(c) for c in clusters
    }
    assert len(spread_out_rows(points[:3], 10)) == 3


def test_latent_plane_shows_the_chosen_poses(rng):
    means = rng.normal(size=(60, 8)) * [9, 5, 1, 1, 1, 1, 1, 1]
    poses = rng.normal(size=(60, 17, 3)) * 200
    asked = []

    def depths(rows):
        asked.extend(rows)
        return poses[rows, 1:, 2]

    figure = draw_latent_means(means, ["Walking"] * 60, poses, depths, 4)
    plane, *boxes = figure.axes
    assert len(set(asked)) == 4
    assert len(boxes) == 8
    letters = {text.get_text() for text in plane.texts}
    assert letters == set("ABCD")
    points = plane.collections[0].get_offsets()
    variances = points.var(axis=0)
    total = means.var(axis=0).sum()
    assert plane.get_xlabel() == (
        f"first component ({variances[0] / total:.0%} of the variance)"
    )
    assert variances[0] > variances[1]


def test_latents_of_a_model(arrays):
    keras.utils.set_random_seed(0)
    model = ProPose.from_sizes(latent_size=4, width=8, num_blocks=0, num_couplings=1)
    model.normalization.adapt(arrays.keypoints_2d, arrays.image_sizes(), arrays.pose_3d)
    means = latent_means(model, arrays, batch_size=50)
    condition = model.normalization.normalize_keypoints(
        arrays.keypoints_2d, arrays.image_sizes()
    )
    pose = model.normalization.normalize_pose(arrays.pose_3d)
    expected, _ = model.pilgd_learner.encode(pose[:, None], condition)
    np.testing.assert_allclose(means, ops.convert_to_numpy(expected)[:, 0], atol=1e-5)
    depths = instance_depths(model, arrays.subset([0, 5]), num_samples=7)
    assert depths.shape == (2, 7 * 16)
    assert depths.std(axis=1).min() > 0


def test_figures_of_a_model_are_of_what_it_offers(model, arrays, tmp_path, monkeypatch):
    monkeypatch.setattr(type(model), "has_latent_density", False)
    write_model_figures(model, arrays, tmp_path / "sampled")
    names = {path.name for path in (tmp_path / "sampled").iterdir()}
    assert names == {"hypotheses.png", "hypotheses.pdf"}
    monkeypatch.setattr(type(model), "is_probabilistic", False)
    write_model_figures(model, arrays, tmp_path / "mode")
    assert not (tmp_path / "mode").exists()


def test_colours_follow_what_the_data_set_has():
    human36m = ["Sitting", "Walking", "WalkDog", "Eating"]
    assert list(action_groups(human36m)) == [
        "on a chair",
        "walking",
        "walking",
        "other actions",
    ]
    others = ["run"] * 4 + ["jump"] * 3 + ["climb"] * 2 + ["wash"]
    assert list(action_groups(others)) == others[:-1] + ["other actions"]

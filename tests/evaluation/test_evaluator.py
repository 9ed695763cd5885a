import dataclasses
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import ops

from propose_keras import DeterministicLifter, PoseNormalization, ProPose
from propose_keras.evaluation.evaluator import Evaluator
from propose_keras.evaluation.protocols import get_protocol

NUMBERS = (1, 4, 23)


def evaluate(model, arrays, protocol="h36m", **kwargs):
    kwargs.setdefault("num_hypotheses", NUMBERS)
    return Evaluator(model, get_protocol(protocol), seed=3, **kwargs).evaluate(arrays)


@pytest.fixture(scope="module")
def figures(model, arrays):
    return evaluate(model, arrays, batch_size=16)


@pytest.fixture(scope="module")
def hypotheses(model, arrays):
    seeds = np.stack([np.full(len(arrays), 3), np.arange(len(arrays))], -1)
    return ops.convert_to_numpy(
        model.sample(
            keypoints=arrays.keypoints_2d,
            image_size=arrays.image_sizes(),
            num_hypotheses=23,
            seed=seeds,
        )
    )


def test_without_hypotheses_the_mode_is_all(model, arrays, figures):
    alone = evaluate(model, arrays, num_hypotheses=())
    assert alone.num_hypotheses == alone.curve == ()
    assert set(alone.values) < set(figures.values)
    for name, values in alone.values.items():
        np.testing.assert_allclose(values, figures.values[name], atol=1e-3)


def errors_reference(pose, target):
    pose, target = np.float64(pose), np.float64(target)
    target = target - target[..., :1, :]
    return np.linalg.norm(pose - pose[..., :1, :] - target, axis=-1)


def test_figures_are_those_of_plain_numpy(model, arrays, figures, hypotheses):
    errors = errors_reference(hypotheses, arrays.pose_3d[:, None]).mean(-1)
    values = figures.values
    for column, number in enumerate(figures.curve):
        np.testing.assert_allclose(
            values["best_mpjpe"][:, column], errors[:, :number].min(1), atol=1e-3
        )
    for name, reduce in (("mean", np.mean), ("median", np.median), ("worst", np.max)):
        np.testing.assert_allclose(
            values[f"{name}_mpjpe"], reduce(errors, axis=1), atol=1e-3
        )
    mode = model.mode(arrays.keypoints_2d, arrays.image_sizes())
    of_mode = errors_reference(mode, arrays.pose_3d)
    np.testing.assert_allclose(values["mode_joints"], of_mode, atol=1e-3)
    np.testing.assert_allclose(values["mode_mpjpe"], of_mode.mean(-1), atol=1e-3)
    best = np.argsort(errors, axis=1)[:, :5]
    top_k = np.take_along_axis(hypotheses, best[..., None, None], 1).mean(1)
    np.testing.assert_allclose(
        values["top_k_mpjpe"],
        errors_reference(top_k, arrays.pose_3d).mean(-1),
        atol=1e-3,
    )
    spread = np.sqrt(hypotheses[:, :, 1:].var(axis=1).sum(-1))
    np.testing.assert_allclose(values["spread"], spread, rtol=1e-3)


def test_curve_holds_the_numbers_asked_for(figures):
    assert figures.curve == (1, 2, 4, 5, 10, 20, 23)
    assert figures.num_hypotheses == NUMBERS


def test_minima_of_both_protocols_are_taken_apart(figures, arrays):
    assert (figures.values["best_pa_mpjpe"] <= figures.values["best_mpjpe"]).all()
    assert (np.diff(figures.values["best_mpjpe"], axis=1) <= 0).all()
    assert (np.diff(figures.values["best_pa_mpjpe"], axis=1) <= 0).all()


@pytest.mark.parametrize(
    "sizes",
    [{"batch_size": 1}, {"batch_size": 7, "chunk_size": 5}, {"batch_size": 64}],
    ids=str,
)
def test_figures_do_not_depend_on_batches_and_chunks(model, arrays, figures, sizes):
    few = arrays.subset(slice(0, 20))
    values = evaluate(model, few, **sizes).values
    for name, expected in figures.values.items():
        np.testing.assert_allclose(
            values[name], expected[:20], atol=1e-3, err_msg=name, rtol=0
        )


def test_poses_with_nan_ground_truth_are_left_out_and_counted(model, arrays, figures):
    pose = arrays.pose_3d.copy()
    pose[[2, 9], 5, 1] = np.nan
    values = evaluate(model, dataclasses.replace(arrays, pose_3d=pose), batch_size=16)
    kept = np.delete(np.arange(len(arrays)), [2, 9])
    assert values.num_excluded == 2
    np.testing.assert_array_equal(values.rows, kept)
    np.testing.assert_allclose(
        values.values["best_mpjpe"], figures.values["best_mpjpe"][kept], atol=1e-3
    )
    with pytest.raises(ValueError, match="None of the .* finite ground truth"):
        evaluate(model, dataclasses.replace(arrays, pose_3d=np.full_like(pose, np.nan)))


def test_keypoints_that_are_not_finite_are_refused(model, arrays):
    keypoints = arrays.keypoints_2d.copy()
    keypoints[[1, 4], 3] = np.nan
    with pytest.raises(ValueError, match=f"of 2 of {len(arrays)} poses are not finite"):
        evaluate(model, dataclasses.replace(arrays, keypoints_2d=keypoints))


@pytest.mark.parametrize(
    "kwargs, message",
    [
        ({"num_hypotheses": (0,)}, "at least 1; received \\[0\\]"),
        ({"batch_size": 0}, "`batch_size`"),
        ({"chunk_size": 0}, "`chunk_size`"),
    ],
)
def test_impossible_settings_are_refused(model, arrays, kwargs, message):
    with pytest.raises(ValueError, match=message):
        evaluate(model, arrays, **kwargs)


def test_model_of_other_joints_is_refused(arrays):
    model = ProPose.from_sizes(
        latent_size=4,
        width=8,
        num_blocks=0,
        num_couplings=1,
        normalization=PoseNormalization("mpii16"),
    )
    with pytest.raises(ValueError, match="trained on 16 joints.*17 of Human3.6M"):
        evaluate(model, arrays)


def test_hypotheses_are_not_asked_of_a_deterministic_model(arrays):
    model = DeterministicLifter.from_sizes(width=8, num_blocks=0)
    with pytest.raises(ValueError, match=r"Deterministic gives one pose.*\[1, 4, 23\]"):
        evaluate(model, arrays)
    assert evaluate(model, arrays, num_hypotheses=()).num_poses == len(arrays)


@pytest.mark.usefixtures("uncompiled")
@pytest.mark.parametrize("protocol", ["h36m+16-joints", "3dhp-official", "h36m-hard"])
def test_protocols_measure_their_own_joints(model, arrays, hypotheses, protocol):
    values = evaluate(model, arrays, protocol, batch_size=64).values
    errors = errors_reference(hypotheses, arrays.pose_3d[:, None])
    protocol = get_protocol(protocol)
    joints = list(protocol.joints or range(17))
    np.testing.assert_allclose(
        values["mean_mpjpe"], errors[..., joints].mean((1, 2)), atol=1e-3
    )
    if protocol.pck:
        counted = errors[..., list(protocol.pck.joints)]
        pck = (counted < 150).mean(-1)
        np.testing.assert_allclose(values["best_pck"][:, -1], pck.max(1), atol=1e-6)
        auc = np.mean([(counted < t).mean(-1) for t in range(0, 151, 5)], axis=0)
        np.testing.assert_allclose(values["best_auc"][:, -1], auc.max(1), atol=1e-6)
    assert ("best_largest" in values) == (protocol.cps is not None)


@pytest.mark.slow
@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="compares TensorFlow with JAX"
)
def test_jax_on_two_devices_gives_tensorflows_figures(figures, tmp_path):
    pytest.importorskip("jax")
    environment = {
        **os.environ,
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": "--xla_force_host_platform_device_count=2",
    }
    script = pathlib.Path(__file__).with_name("evaluate_elsewhere.py")
    output = tmp_path / "figures.npz"
    subprocess.run([sys.executable, script, output, "2"], check=True, env=environment)
    with np.load(output) as elsewhere:
        assert set(elsewhere) == set(figures.values)
        for name, expected in figures.values.items():
            np.testing.assert_allclose(
                elsewhere[name], expected, atol=1e-3, rtol=0, err_msg=name
            )

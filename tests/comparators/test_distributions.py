"""Densities, samplers and couplings against numbers that are known otherwise."""

import itertools
import math

import numpy as np
import pytest
from comparator_tools import SIZE, make_model, numpy, run
from keras import ops

from propose_keras.comparators.flow import (
    GlowCoupling,
    log_scale,
    maximum_mean_discrepancy,
)
from propose_keras.comparators.gaussian import _log_prob as gaussian_log_prob
from propose_keras.comparators.mixture import _log_prob as mixture_log_prob
from propose_keras.layers import ResidualMLP


def grid(limit, number):
    """Points `(number^3, 3)` and the volume of a cell."""
    axis = (np.arange(number) + 0.5) / number * 2 * limit - limit
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)
    return np.float32(points.reshape(-1, 3)), (2 * limit / number) ** 3


def test_the_gaussian_density_integrates_to_one():
    points, cell = grid(6.0, 60)
    parameters = [[0.3, -0.2, 0.5], [-0.3, 0.2, 0.1], [0.5, -0.4, 0.6]]
    log_prob = numpy(gaussian_log_prob(points, *np.float32(parameters)))
    assert np.exp(log_prob).sum() * cell == pytest.approx(1.0, abs=2e-3)


def test_the_mixture_density_integrates_to_one():
    points, cell = grid(6.0, 60)
    log_weights = np.log(np.float32([[0.2, 0.8]]))
    means = np.float32([[[[0.5, 0, 0]], [[-1, 0.5, 0.2]]]])
    log_prob = mixture_log_prob(
        points[None, :, None], log_weights, means, np.log(np.float32([[0.5, 0.9]]))
    )
    assert np.exp(numpy(log_prob)).sum() * cell == pytest.approx(1.0, abs=2e-3)


def randomise(model, rng, scale):
    for weight in model.trainable_variables:
        weight.assign(scale * rng.normal(size=weight.shape))


@pytest.mark.parametrize("name", ["gaussian", "mixture"])
def test_hypotheses_have_the_density_that_the_model_says(name, data, rng):
    """Under p the mean of p(x + d) / p(x) is 1; of another scale it is not."""
    model = make_model(name)
    randomise(model, rng, 0.1)
    model.set_temperature(1.3)
    shift = np.zeros((17, 3), "float32")
    shift[1:] = 0.15

    def densities(keypoints):
        def log_prob(pose_3d):
            return model.log_prob(keypoints, SIZE, pose_3d=pose_3d)

        hypotheses = model.sample(keypoints, SIZE, num_hypotheses=4000, seed=0)
        single = log_prob(hypotheses[:, 0])
        return log_prob(hypotheses), log_prob(hypotheses + shift), single

    here, there, single = run(model, densities, data[0][:2])
    ratio = np.exp(np.float64(there - here))
    error = ratio.std(axis=1) / math.sqrt(4000)
    assert (np.abs(ratio.mean(axis=1) - 1.0) < 5 * error).all()
    assert (5 * error < 0.3).all()
    np.testing.assert_allclose(single, here[:, 0], rtol=1e-4)


def test_hypotheses_of_gaussians_have_their_covariance(rng):
    model = make_model("gaussian")
    randomise(model, rng, 0.3)
    condition = np.float32(rng.normal(size=(1, 17, 2)))
    noise = np.float32(rng.normal(size=(1, 20000, 48)))

    def generate(condition, noise):
        return model.parameters(condition), model.generate(condition, noise, 1.0)

    parameters, samples = run(model, generate, condition, noise)
    mean, log_diagonal, below = (p[0] for p in parameters)
    samples = samples[0]
    np.testing.assert_allclose(samples.mean(axis=0), mean, atol=0.1)
    for joint in range(0, 16, 5):
        factor = np.diag(np.exp(log_diagonal[joint]))
        factor[1, 0], factor[2, 0], factor[2, 1] = below[joint]
        covariance = np.cov(samples[:, joint].T)
        expected = factor @ factor.T
        np.testing.assert_allclose(
            covariance, expected, atol=0.06 * np.abs(expected).max()
        )


def test_components_are_drawn_by_their_weight_and_sorted_out(data, rng):
    model = make_model("mixture")
    randomise(model, rng, 0.3)
    model.set_temperature(1e-4)

    def lift(keypoints):
        hypotheses = model.sample(keypoints, SIZE, num_hypotheses=4000, seed=0)
        means, weights = model.component_means(keypoints, SIZE)
        return means, weights, hypotheses, model.mode(keypoints, SIZE)

    means, weights, hypotheses, mode = run(model, lift, data[0][:1])
    assert weights.sum() == pytest.approx(1.0, rel=1e-5)
    distances = np.linalg.norm(hypotheses[0][:, None] - means[0][None], axis=(-2, -1))
    shares = np.bincount(distances.argmin(axis=1), minlength=3) / 4000
    np.testing.assert_allclose(shares, weights[0], atol=0.04)
    np.testing.assert_allclose(mode[0], means[0, weights[0].argmax()], atol=1e-3)


MEAN, DEVIATION = 0.7, 0.4


def moments(model, rng):
    """Of the numbers of 400 hypotheses, and the mode."""
    noise = np.float32(rng.normal(size=(1, 400, model.noise_size)))

    def generate(condition, noise):
        return model.generate(condition, noise, 1.0), model.mode_of(condition)

    samples, mode = run(model, generate, np.zeros((1, 17, 2), "float32"), noise)
    return samples.mean(), samples.std(), mode


def test_the_ode_of_flow_matching_gives_a_known_gaussian(rng, monkeypatch):
    """The field of N(m, s^2): x_t has variance (1 - t)^2 + t^2 s^2."""
    model = make_model("flow_matching", sampling_steps=25)

    def velocity(pose, time, condition, seed=None):
        variance = (1 - time) ** 2 + (time * DEVIATION) ** 2
        slope = (time * DEVIATION**2 - (1 - time)) / variance
        return MEAN + slope[..., None, None] * (pose - time[..., None, None] * MEAN)

    monkeypatch.setattr(model, "at_time", velocity)
    mean, deviation, mode = moments(model, rng)
    assert mean == pytest.approx(MEAN, abs=0.02)
    assert deviation == pytest.approx(DEVIATION, abs=0.02)
    np.testing.assert_allclose(mode, MEAN, atol=0.01)


def test_the_reverse_sde_gives_a_known_gaussian(rng, monkeypatch):
    """The noise of N(m, s^2): with a = exp(-B / 2) and b = 1 - exp(-B)."""
    model = make_model("score", sampling_steps=100)

    def noise_in(pose, time, condition, seed=None):
        integral = model.integral(time)[..., None, None]
        a, b = ops.exp(-0.5 * integral), 1.0 - ops.exp(-integral)
        variance = ops.square(a * DEVIATION) + ops.square(b)
        return b * (pose - a * MEAN) / variance

    monkeypatch.setattr(model, "at_time", noise_in)
    mean, deviation, mode = moments(model, rng)
    assert mean == pytest.approx(MEAN, abs=0.02)
    assert deviation == pytest.approx(DEVIATION, abs=0.04)
    np.testing.assert_allclose(mode, MEAN, atol=0.03)


def test_the_log_scale_is_that_of_the_paper_by_hand():
    # 2 * 0.636 * atan(1) = 1.272 * pi / 4.
    values = numpy(log_scale(np.float32([2.0, 0.0, -2.0, 1e6])))
    expected = [0.99902646, 0.0, -0.99902646, 1.9980503]
    np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-7)


class Table:
    """A subnet of one hidden value, in NumPy and in a layer: `out = w x + c v`."""

    def __init__(self, kernel, condition_kernel):
        self.layer = ResidualMLP(len(kernel[0]), width=2, num_blocks=0)
        self.layer.build((None, 1, len(kernel)), (None, 1, 1))
        # relu(h) and relu(-h) carry a number through the hidden layer.
        self.layer.input_layer.kernel.assign(np.float32([[1, -1]] * len(kernel)))
        self.layer.input_layer.condition_kernel.assign(np.float32([[1, -1]]))
        out = np.float32(kernel)[0] + np.float32(condition_kernel)
        self.layer.output_layer.kernel.assign(np.stack([out, -out]))
        self.out = out

    def __call__(self, x, c):
        return (x + c) * self.out


def test_a_coupling_by_hand():
    first, second = Table([[0.5, -1.0]], [0.0]), Table([[1.5, 2.0]], [0.0])
    coupling = GlowCoupling(first.layer, second.layer)
    coupling.build((None, 1, 2), (None, 1, 1))
    x, c = np.float32([[[0.4, -0.3]]]), np.float32([[[0.2]]])
    y, log_det = coupling(x, c)
    s, t = first(-0.3, 0.2)
    e_2 = 2 * 0.636 * math.atan(s / 2)
    y_1 = math.exp(e_2) * 0.4 + t
    s, t = second(y_1, 0.2)
    e_1 = 2 * 0.636 * math.atan(s / 2)
    y_2 = math.exp(e_1) * -0.3 + t
    np.testing.assert_allclose(numpy(y)[0, 0], [y_1, y_2], rtol=1e-5)
    assert float(numpy(log_det)[0, 0]) == pytest.approx(e_1 + e_2, rel=1e-5)
    np.testing.assert_allclose(numpy(coupling.inverse(y, c)), x, atol=1e-6)


def test_the_flow_is_inverted_and_its_log_determinant_is_that_of_its_jacobian(rng):
    # Smooth, so that differences are near the derivative.
    model = make_model("flow", width=4, activation="tanh")
    randomise(model, rng, 0.3)
    condition = np.float32(rng.normal(size=(1, 17, 2)))
    pose = np.float32(rng.normal(size=(1, 1, 16, 3)))
    step = 3e-3 * np.eye(48, dtype="float32").reshape(1, 48, 16, 3)

    def both_ways(condition, pose):
        context = model.context_of(condition)
        code, log_det = model.forward(pose, context)
        rows = model.forward(pose + step, context)[0]
        rows = rows - model.forward(pose - step, context)[0]
        return model.inverse(code, context), log_det, rows

    back, log_det, rows = run(model, both_ways, condition, pose)
    np.testing.assert_allclose(back, pose, atol=1e-3)
    _, expected = np.linalg.slogdet(np.float64(rows[0]) / 6e-3)
    assert float(log_det[0, 0]) == pytest.approx(expected, abs=0.02)


def test_hypotheses_of_the_flow_keep_their_keypoints(rng):
    model = make_model("flow", width=4)
    randomise(model, rng, 0.3)
    condition = np.float32(rng.normal(size=(2, 17, 2)))
    noise = np.float32(rng.normal(size=(2, 3, 16)))

    def codes(condition, noise):
        hypotheses = model.generate(condition, noise, 1.0)
        code, _ = model.forward(hypotheses, model.context_of(condition))
        return code, model.keypoints_of(condition)

    code, expected = run(model, codes, condition, noise)
    expected = np.broadcast_to(expected, (2, 3, 32))
    np.testing.assert_allclose(code[..., 16:], expected, atol=2e-3)
    np.testing.assert_allclose(code[..., :16], noise, atol=2e-3)


def test_discrepancy_by_its_definition(rng):
    x, y = np.float32(rng.normal(size=(5, 3))), np.float32(rng.normal(size=(5, 3)))

    def mean_kernel(a, b):
        kernels = [
            w**2 / (w**2 + np.sum((p - q) ** 2))
            for p, q in itertools.product(a, b)
            for w in (0.05, 0.2, 0.9)
        ]
        return 3 * np.mean(kernels)

    expected = mean_kernel(x, x) + mean_kernel(y, y) - 2 * mean_kernel(x, y)
    assert float(maximum_mean_discrepancy(x, y)) == pytest.approx(expected, rel=1e-4)
    assert float(maximum_mean_discrepancy(x, x)) == pytest.approx(0.0, abs=1e-5)

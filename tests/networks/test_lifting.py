"""The lifter, and networks conditioned on its features."""

import numpy as np
import pytest
from keras import ops

from propose_keras import ProPose, TrainingSettings
from propose_keras.layers import JointGraph
from propose_keras.networks import GraphLifter, PoseContext
from propose_keras.training import PhaseOptimizer, make_optimizer

GRAPH = {
    **{"encoder": "graph", "graph_width": 16, "graph_heads": 4, "decoder_width": 8},
    **{"latent_size": 4, "width": 8, "num_blocks": 1, "num_couplings": 2},
}


def to_numpy(x):
    return ops.convert_to_numpy(x)


def randomise(network, rng):
    for variable in network.trainable_variables:
        variable.assign(0.3 * rng.normal(size=variable.shape))


@pytest.fixture
def lifter(rng):
    graph = JointGraph(3, width=16, num_blocks=1, relations=("uniform",) * 2)
    lifter = GraphLifter(graph, num_features=5)
    lifter.build()
    randomise(lifter, rng)
    return lifter


def test_the_lifted_pose_is_the_graphs_output(lifter, rng):
    condition = rng.normal(size=(6, 17, 2)).astype("float32")
    context = lifter(condition)
    assert isinstance(context, PoseContext)
    flat = condition.reshape(6, 1, 34)
    expected = to_numpy(lifter.graph(flat)).reshape(6, 1, 17, 3)
    np.testing.assert_allclose(to_numpy(context.lifted), expected, atol=1e-5)
    assert context.features.shape == (6, 1, 17 * 5)


def test_a_graph_of_other_outputs_is_refused():
    with pytest.raises(ValueError, match="three outputs per joint, received 4"):
        GraphLifter(JointGraph(4))


def test_the_learner_codes_what_differs_from_the_lifted_pose(rng):
    model = ProPose.from_sizes(**GRAPH)
    randomise(model, rng)
    pilgd = model.pilgd_learner
    condition = rng.normal(size=(6, 17, 2)).astype("float32")
    context = model.context(condition)
    moved = context._replace(lifted=context.lifted + 1.0)
    latents = rng.normal(size=(6, 2, 4)).astype("float32")
    np.testing.assert_allclose(
        to_numpy(pilgd.decode(latents, moved)),
        to_numpy(pilgd.decode(latents, context)) + 1.0,
        atol=1e-5,
    )
    pose = rng.normal(size=(6, 2, 17, 3)).astype("float32")
    np.testing.assert_allclose(
        to_numpy(pilgd.encode(pose + 1.0, moved)[0]),
        to_numpy(pilgd.encode(pose, context)[0]),
        atol=1e-5,
    )


def test_every_network_sees_the_features(rng):
    model = ProPose.from_sizes(**GRAPH)
    randomise(model, rng)
    condition = rng.normal(size=(6, 17, 2)).astype("float32")
    context = model.context(condition)
    other = context._replace(features=context.features + 0.5)
    latents = rng.normal(size=(6, 2, 4)).astype("float32")
    pose = rng.normal(size=(6, 2, 17, 3)).astype("float32")
    for function in (
        lambda c: model.flow.forward(latents, c)[0],
        lambda c: model.pagd_learner(c)[0],
        lambda c: model.pilgd_learner.decode(latents, c),
        lambda c: model.pilgd_learner.encode(pose, c)[0],
    ):
        change = to_numpy(function(context)) - to_numpy(function(other))
        assert np.abs(change).max() > 1e-3


def test_an_optimizer_without_the_lifters_is_refused():
    model = ProPose.from_sizes(**GRAPH)
    settings = TrainingSettings()
    complete = make_optimizer(settings, 10)
    names = ("pilgd_learner", "discriminator", "pagd_learner", "flow")
    partial = PhaseOptimizer(*(complete.for_network(name) for name in names))
    with pytest.raises(ValueError, match="trains lifter, for which"):
        model.compile(partial, settings=settings)


def test_a_model_without_a_lifter_has_no_optimizer_for_one():
    model = ProPose.from_sizes(latent_size=4, width=8, num_blocks=1, num_couplings=2)
    optimizer = make_optimizer(TrainingSettings(), 10)
    model.compile(optimizer)
    assert len(optimizer.optimizers) == 4
    assert "lifter" not in optimizer.get_config()

"""Networks over the joints of a skeleton."""

import keras
import numpy as np
import pytest
from keras import ops

from propose_keras.layers import GraphDecoder, JointGraph, JointMixing, PerJointDense
from propose_keras.layers.joint_graph import (
    RELATIONS,
    TokenNormalization,
    relation_matrix,
)
from propose_keras.skeletons import COCO_17, H36M_17

SMALL = {"width": 16, "num_blocks": 2, "relations": RELATIONS[:4]}


def to_numpy(x):
    return ops.convert_to_numpy(x)


def randomise(layer):
    rng = np.random.default_rng(1)
    for variable in layer.trainable_variables:
        variable.assign(0.3 * rng.normal(size=variable.shape))


def condition_of(rng, batch_size, per_joint=2):
    return rng.normal(size=(batch_size, 1, 17 * per_joint)).astype("float32")


def test_relations_are_those_of_the_skeleton():
    index, parents = H36M_17.index, H36M_17.parents
    knee, hip, foot = index("LKnee"), index("LHip"), index("LFoot")
    assert parents[knee] == hip
    assert np.flatnonzero(relation_matrix("parent", H36M_17)[knee]) == [hip]
    assert np.flatnonzero(relation_matrix("children", H36M_17)[knee]) == [foot]
    assert np.flatnonzero(relation_matrix("mirror", H36M_17)[knee]) == [index("RKnee")]
    neighbours = relation_matrix("neighbours", H36M_17)[knee]
    assert set(np.flatnonzero(neighbours)) == {knee, hip, foot}
    np.testing.assert_allclose(neighbours[[knee, hip, foot]], 1 / 3, rtol=1e-6)
    assert (relation_matrix("uniform", H36M_17) == np.float32(1 / 17)).all()
    assert not relation_matrix("none", H36M_17).any()
    assert relation_matrix("parent", H36M_17)[H36M_17.root, H36M_17.root] == 1
    with pytest.raises(ValueError, match="`relation` must be one of"):
        relation_matrix("cousins", H36M_17)


@pytest.mark.parametrize("relation", RELATIONS)
def test_each_row_of_a_relation_is_a_mean_or_nothing(relation):
    sums = relation_matrix(relation, H36M_17).sum(axis=1)
    assert set(np.round(sums, 5)) <= {0.0, 1.0}


def test_mixing_is_each_heads_matrix_on_its_part_of_the_values(rng):
    layer = JointMixing(("neighbours", "none"))
    tokens = rng.normal(size=(17, 5, 6)).astype("float32")
    layer(tokens)
    randomise(layer)
    offset = to_numpy(layer.offset)
    value = to_numpy(tokens @ layer.value.kernel + layer.value.bias)
    parts = []
    for head, relation in enumerate(("neighbours", "none")):
        matrix = relation_matrix(relation, H36M_17) + offset[head]
        part = value[:, :, 3 * head : 3 * head + 3]
        parts.append(np.einsum("ij,jrc->irc", matrix, part))
    mixed = np.concatenate(parts, axis=-1)
    expected = mixed @ to_numpy(layer.projection.kernel) + to_numpy(
        layer.projection.bias
    )
    np.testing.assert_allclose(to_numpy(layer(tokens)), expected, atol=1e-4)


def test_per_joint_dense_has_a_matrix_for_each_joint(rng):
    layer = PerJointDense(4)
    x = rng.normal(size=(17, 3, 5)).astype("float32")
    layer(x)
    randomise(layer)
    kernel, bias = to_numpy(layer.kernel), to_numpy(layer.bias)
    expected = np.stack([x[j] @ kernel[j] + bias[j] for j in range(17)])
    np.testing.assert_allclose(to_numpy(layer(x)), expected, atol=1e-5)


def test_token_normalization_is_layer_normalization(rng):
    x = (3 * rng.normal(size=(17, 4, 12)) + 1).astype("float32")
    ours, keras_layer = (
        TokenNormalization(),
        keras.layers.LayerNormalization(epsilon=1e-6),
    )
    ours.build(x.shape)
    keras_layer.build(x.shape)
    gain, bias = rng.normal(size=(2, 12)).astype("float32")
    ours.set_weights([gain, bias])
    keras_layer.set_weights([gain, bias])
    np.testing.assert_allclose(to_numpy(ours(x)), to_numpy(keras_layer(x)), atol=1e-4)


def make(kind, **changes):
    if kind == "graph":
        layer = JointGraph(3, **{**SMALL, **changes})
        layer.build((None, None, 34), (None, 1, 17))
    else:
        layer = GraphDecoder(3, **{**SMALL, **changes})
        layer.build((None, None, 6), (None, 1, 17))
    randomise(layer)
    return layer


def inputs_of(kind, rng, batch_size=5, hypotheses=4):
    size = 34 if kind == "graph" else 6
    x = rng.normal(size=(batch_size, hypotheses, size)).astype("float32")
    return x, condition_of(rng, batch_size, per_joint=1)


@pytest.mark.parametrize("kind", ["graph", "decoder"])
def test_rows_and_hypotheses_do_not_see_each_other(kind, rng):
    layer = make(kind)
    x, condition = inputs_of(kind, rng)
    whole = to_numpy(layer(x, condition))
    assert whole.shape == (5, 4, 51)
    one = to_numpy(layer(x[2:3, 1:2], condition[2:3]))
    np.testing.assert_allclose(whole[2:3, 1:2], one, atol=1e-4)


@pytest.mark.parametrize("kind", ["graph", "decoder"])
def test_config_carries_every_argument(kind, rng):
    layer = make(kind, ratio=1.5, activation="silu", zero_output=False)
    copy = type(layer).from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
    x, condition = inputs_of(kind, rng)
    copy.build(x.shape, condition.shape)
    copy.set_weights(layer.get_weights())
    np.testing.assert_array_equal(
        to_numpy(copy(x, condition)), to_numpy(layer(x, condition))
    )


@pytest.mark.parametrize("kind", ["graph", "decoder"])
def test_without_blocks_a_joint_sees_its_own_numbers_and_the_roots_only(kind, rng):
    layer = make(kind, num_blocks=0)
    x, condition = inputs_of(kind, rng)
    elbow = H36M_17.index("LElbow")
    changed = condition.copy()
    changed[..., elbow] += 1.0
    difference = to_numpy(layer(x, condition)) - to_numpy(layer(x, changed))
    moved = np.abs(difference).reshape(5, 4, 17, 3).max(axis=(0, 1, 3)) > 1e-6
    assert set(np.flatnonzero(moved)) == {elbow}


def test_the_skeleton_gives_the_number_of_joints(rng):
    layer = JointGraph(2, skeleton="coco17", **SMALL)
    assert layer.output_size == 2 * COCO_17.num_joints
    assert layer.blocks[0].mixing.skeleton is COCO_17


def test_the_output_starts_at_zero_if_asked(rng):
    layer = JointGraph(3, **SMALL)
    assert not to_numpy(layer(condition_of(rng, 4))).any()
    layer = JointGraph(3, zero_output=False, **SMALL)
    assert to_numpy(layer(condition_of(rng, 4))).any()


def test_mistakes_are_named(rng):
    with pytest.raises(ValueError, match="multiple of the number of heads, 2"):
        JointMixing(("uniform", "none"))(np.zeros((17, 2, 5), "float32"))
    with pytest.raises(ValueError, match="numbers of 17 joints, received 35"):
        JointGraph(3, **SMALL)(np.zeros((2, 1, 35), "float32"))
    with pytest.raises(ValueError, match="must be positive.*num_blocks=-1"):
        JointGraph(3, num_blocks=-1)
    with pytest.raises(ValueError, match="`relation` must be one of"):
        JointGraph(3, relations=("cousins",))

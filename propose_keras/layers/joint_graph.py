"""Networks over the joints of a skeleton: tokens in, tokens out, one for each joint."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from propose_keras.skeletons import get_skeleton
from propose_keras.types import Shape, Tensor

# What a head of `JointMixing` starts from; see `relation_matrix`.
RELATIONS = ("neighbours", "uniform", "parent", "children", "mirror", "none")


def relation_matrix(relation: str, skeleton: Any) -> np.ndarray:
    """Mixing matrix `(J, J)` of a relation between joints; each row sums to 1 or is 0.

    Args:
        relation: One of `RELATIONS`: the joint itself and its neighbours along bones,
            all joints alike, the parent (the root's is itself), the children, the joint
            on the other side of the body (itself, in the middle), or nothing.
        skeleton: A `Skeleton`.
    """
    size = skeleton.num_joints
    identity = np.eye(size, dtype="float32")
    child_to_parent = np.zeros((size, size), "float32")
    for parent, child in skeleton.bones:
        child_to_parent[child, parent] = 1.0
    if relation == "neighbours":
        matrix = identity + child_to_parent + child_to_parent.T
    elif relation == "uniform":
        matrix = np.ones((size, size), "float32")
    elif relation == "parent":
        matrix = child_to_parent.copy()
        matrix[skeleton.root, skeleton.root] = 1.0
    elif relation == "children":
        matrix = child_to_parent.T
    elif relation == "mirror":
        matrix = identity[list(skeleton.flip)]
    elif relation == "none":
        matrix = np.zeros((size, size), "float32")
    else:
        raise ValueError(f"`relation` must be one of {RELATIONS}, not {relation!r}.")
    return matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1.0)


@keras.saving.register_keras_serializable(package="propose_keras")
class JointMixing(keras.layers.Layer):
    """Mixes the tokens of joints: each head by one matrix for all poses.

    Like attention whose weights do not depend on the input: a value projection, per
    head a `J x J` matrix (a fixed one of the skeleton plus a learnt offset that starts
    at 0), and an output projection.

    Shape:
        `(J, rows, width)` to the same. Joints come first so that both products are
        large: `(J * rows, width)` by `(width, width)`, and per head `(J, J)` by
        `(J, rows * width / heads)`.

    Args:
        relations: Relation that each head starts from, a tuple of names of `RELATIONS`.
        skeleton: Name of the joint order.

    Raises:
        ValueError: If a relation is unknown or the width no multiple of the heads.
    """

    def __init__(
        self, relations: Sequence[str], skeleton: str = "h36m17", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.relations = tuple(relations)
        self.skeleton = get_skeleton(skeleton)
        self._base = np.stack(
            [relation_matrix(relation, self.skeleton) for relation in self.relations]
        )

    def build(self, shape: Shape) -> None:
        width = shape[-1]
        if width % len(self.relations):
            raise ValueError(
                f"The width, {width}, must be a multiple of the number of heads, "
                f"{len(self.relations)}."
            )
        self.value = keras.layers.Dense(width, name="value")
        self.value.build((None, width))
        self.projection = keras.layers.Dense(width, name="projection")
        self.projection.build((None, width))
        self.offset = self.add_weight(
            shape=self._base.shape, initializer="zeros", name="offset"
        )

    def call(self, tokens: Tensor) -> Tensor:
        joints, _, width = tokens.shape
        heads = len(self.relations)
        flat = ops.reshape(tokens, (-1, width))
        value = ops.reshape(self.value(flat), (joints, -1, heads, width // heads))
        mixed = ops.einsum("hij,jrhc->irhc", self.offset + self._base, value)
        mixed = self.projection(ops.reshape(mixed, (-1, width)))
        return ops.reshape(mixed, (joints, -1, width))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "relations": self.relations,
            "skeleton": self.skeleton.name,
        }


@keras.saving.register_keras_serializable(package="propose_keras")
class PerJointDense(keras.layers.Layer):
    """A dense layer of its own for each joint.

    Shape:
        `(J, rows, size)` to `(J, rows, units)`.

    Args:
        units: Size of the output.
        zero: Whether the output starts at 0.
    """

    def __init__(self, units: int, zero: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.zero = zero

    def build(self, shape: Shape) -> None:
        joints, _, size = shape
        deviation = keras.initializers.RandomNormal(stddev=size**-0.5)
        self.kernel = self.add_weight(
            shape=(joints, size, self.units),
            initializer="zeros" if self.zero else deviation,
            name="kernel",
        )
        self.bias = self.add_weight(
            shape=(joints, 1, self.units), initializer="zeros", name="bias"
        )

    def call(self, x: Tensor) -> Tensor:
        return ops.matmul(x, self.kernel) + self.bias

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units, "zero": self.zero}


@keras.saving.register_keras_serializable(package="propose_keras")
class TokenNormalization(keras.layers.Layer):
    """Layer normalisation whose moments are matrix products.

    Equal to `keras.layers.LayerNormalization` over the last axis. XLA compiles a
    matrix product several times faster on CPUs than a reduction over that axis, and
    runs it twice as fast.

    Args:
        epsilon: Added to the variance.
    """

    def __init__(self, epsilon: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def build(self, shape: Shape) -> None:
        size = (shape[-1],)
        self.gain = self.add_weight(shape=size, initializer="ones", name="gain")
        self.bias = self.add_weight(shape=size, initializer="zeros", name="bias")

    def call(self, x: Tensor) -> Tensor:
        size = x.shape[-1]
        average = ops.full((size, 1), 1.0 / size, dtype=x.dtype)
        flat = ops.reshape(x, (-1, size))
        flat = flat - ops.matmul(flat, average)
        variance = ops.matmul(ops.square(flat), average)
        flat = flat * ops.rsqrt(variance + self.epsilon) * self.gain + self.bias
        return ops.reshape(flat, ops.shape(x))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "epsilon": self.epsilon}


@keras.saving.register_keras_serializable(package="propose_keras")
class GraphBlock(keras.layers.Layer):
    """Mixes the joints, then applies an MLP to each token; both residual.

    Shape:
        `(J, rows, width)` to the same.

    Args:
        relations: See `JointMixing`.
        ratio: Units of the MLP, as a multiple of the width.
        activation: Name of a Keras activation.
        skeleton: Name of the joint order.
    """

    def __init__(
        self,
        relations: Sequence[str],
        ratio: float = 2.0,
        activation: str | Callable = "relu",
        skeleton: str = "h36m17",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.ratio = ratio
        self.activation = keras.activations.get(activation)
        self.mixing = JointMixing(relations, skeleton, name="mixing")
        self.norms = [
            TokenNormalization(name=f"norm_{part}") for part in ("mixing", "mlp")
        ]

    def build(self, shape: Shape) -> None:
        width = shape[-1]
        hidden = int(self.ratio * width)
        self.mixing.build(shape)
        for norm in self.norms:
            norm.build(shape)
        self.hidden = keras.layers.Dense(hidden, name="hidden")
        self.hidden.build((None, width))
        self.output_layer = keras.layers.Dense(width, name="output")
        self.output_layer.build((None, hidden))

    def call(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.mixing(self.norms[0](tokens))
        flat = ops.reshape(self.norms[1](tokens), (-1, tokens.shape[-1]))
        flat = self.output_layer(self.activation(self.hidden(flat)))
        return tokens + ops.reshape(flat, ops.shape(tokens))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "relations": self.mixing.relations,
            "ratio": self.ratio,
            "activation": keras.activations.serialize(self.activation),
            "skeleton": self.mixing.skeleton.name,
        }


class _JointNetwork(keras.layers.Layer):
    """What `JointGraph` and `GraphDecoder` share: sizes and blocks."""

    def __init__(
        self,
        outputs,
        width,
        num_blocks,
        relations,
        ratio,
        activation,
        zero_output,
        skeleton,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if outputs < 1 or width < 1 or num_blocks < 0 or ratio <= 0:
            raise ValueError(
                "`outputs`, `width` and `ratio` must be positive and `num_blocks` at "
                f"least 0. Received: {outputs=}, {width=}, {ratio=}, {num_blocks=}."
            )
        self.outputs = outputs
        self.width = width
        self.num_blocks = num_blocks
        self.relations = tuple(relations)
        self.ratio = ratio
        self.activation = keras.activations.get(activation)
        self.zero_output = zero_output
        self.skeleton = get_skeleton(skeleton)
        self.blocks = [
            GraphBlock(relations, ratio, activation, skeleton, name=f"block_{i}")
            for i in range(num_blocks)
        ]
        self.norm = TokenNormalization(name="norm")
        self.head = PerJointDense(outputs, zero_output, name="head")

    @property
    def output_size(self):
        """Size of the output: all joints' numbers."""
        return self.skeleton.num_joints * self.outputs

    def _build_tokens(self):
        shape = (self.skeleton.num_joints, None, self.width)
        for layer in (*self.blocks, self.norm, self.head):
            layer.build(shape)

    def _mix(self, tokens):
        """Tokens `(J, rows, width)` as the output layer takes them."""
        for block in self.blocks:
            tokens = block(tokens)
        return self.norm(tokens)

    def join(self, numbers):
        """Numbers of each joint `(J, rows, n)`, joint by joint: `(rows, J * n)`."""
        joints, _, size = numbers.shape
        return ops.reshape(ops.transpose(numbers, (1, 0, 2)), (-1, joints * size))

    def _per_joint(self, x):
        """`(..., J * n)` to `(J, rows, n)`."""
        per_joint = self._numbers_per_joint(x.shape[-1])
        x = ops.reshape(x, (-1, self.skeleton.num_joints, per_joint))
        return ops.transpose(x, (1, 0, 2))

    def _numbers_per_joint(self, size):
        joints = self.skeleton.num_joints
        if size % joints:
            raise ValueError(
                f"Expected numbers of {joints} joints, received {size} in a row."
            )
        return size // joints

    def compute_output_shape(self, x_shape, condition_shape=None):
        return (*x_shape[:-1], self.output_size)

    def get_config(self):
        return {
            **super().get_config(),
            "outputs": self.outputs,
            "width": self.width,
            "num_blocks": self.num_blocks,
            "relations": self.relations,
            "ratio": self.ratio,
            "activation": keras.activations.serialize(self.activation),
            "zero_output": self.zero_output,
            "skeleton": self.skeleton.name,
        }


@keras.saving.register_keras_serializable(package="propose_keras")
class JointGraph(_JointNetwork):
    """Residual network over joints: from numbers of each joint to numbers of each.

    A joint's token is an embedding, of its own for each joint, of its numbers and those
    of the root. `GraphBlock`s follow, then an output layer of its own for each joint.

    Shape:
        `x` (batch, hypotheses, J * inputs) and `condition` (batch, 1, J * more inputs)
        or None, to (batch, hypotheses, J * outputs); joint by joint.

    Args:
        outputs: Numbers of each joint at the end.
        width: Size of a token.
        num_blocks: Number of blocks.
        relations: Relation that each head of the mixing starts from.
        ratio: Units of a block's MLP, as a multiple of the width.
        activation: Name of a Keras activation.
        zero_output: Whether the output starts at 0.
        skeleton: Name of the joint order.

    Raises:
        ValueError: If a size is not positive, or inputs are not numbers of each joint.
    """

    def __init__(
        self,
        outputs: int,
        width: int = 96,
        num_blocks: int = 3,
        relations: Sequence[str] = ("neighbours", "uniform") * 4,
        ratio: float = 1.0,
        activation: str | Callable = "relu",
        zero_output: bool = True,
        skeleton: str = "h36m17",
        **kwargs: Any,
    ) -> None:
        sizes = outputs, width, num_blocks, relations, ratio, activation
        super().__init__(*sizes, zero_output, skeleton, **kwargs)
        self.embedding = PerJointDense(width, name="embedding")

    def build(self, x_shape: Shape, condition_shape: Shape | None = None) -> None:
        sizes = [s[-1] for s in (x_shape, condition_shape) if s is not None]
        per_joint = sum(self._numbers_per_joint(size) for size in sizes)
        self.embedding.build((self.skeleton.num_joints, None, 2 * per_joint))
        self._build_tokens()

    def tokens(self, x: Tensor, condition: Tensor = None) -> Tensor:
        """What the output layer takes, `(J, batch * hypotheses, width)`."""
        shape = ops.shape(x)
        inputs = self._per_joint(x)
        if condition is not None:
            size = condition.shape[-1]
            condition = ops.broadcast_to(condition, (shape[0], shape[1], size))
            inputs = ops.concatenate([inputs, self._per_joint(condition)], axis=-1)
        root = self.skeleton.root
        at_root = ops.broadcast_to(inputs[root : root + 1], ops.shape(inputs))
        return self._mix(self.embedding(ops.concatenate([inputs, at_root], axis=-1)))

    def call(
        self, x: Tensor, condition: Tensor = None, dropout_seed: Tensor = None
    ) -> Tensor:
        out = self.join(self.head(self.tokens(x, condition)))
        return ops.reshape(out, (*ops.shape(x)[:2], self.output_size))


@keras.saving.register_keras_serializable(package="propose_keras")
class GraphDecoder(_JointNetwork):
    """From a vector of the whole pose, under features of each joint, to each joint.

    A joint's token is a linear map, of its own, of the vector, plus one of the joint's
    features, which is computed once per pose. `GraphBlock`s, if any, follow.

    Shape:
        `x` (batch, hypotheses, size) and `condition` (batch, 1, J * features), to
        (batch, hypotheses, J * outputs); joint by joint.

    Args:
        outputs: Numbers of each joint at the end.
        width: Size of a token.
        num_blocks: Number of blocks, each once per hypothesis.
        relations: As of `JointGraph`.
        ratio: As of `JointGraph`.
        activation: As of `JointGraph`.
        zero_output: As of `JointGraph`.
        skeleton: As of `JointGraph`.

    Raises:
        ValueError: As `JointGraph`.
    """

    def __init__(
        self,
        outputs: int,
        width: int = 64,
        num_blocks: int = 0,
        relations: Sequence[str] = ("neighbours", "uniform") * 4,
        ratio: float = 1.0,
        activation: str | Callable = "relu",
        zero_output: bool = False,
        skeleton: str = "h36m17",
        **kwargs: Any,
    ) -> None:
        sizes = outputs, width, num_blocks, relations, ratio, activation
        super().__init__(*sizes, zero_output, skeleton, **kwargs)
        self.embedding = PerJointDense(width, name="embedding")
        self.features = PerJointDense(width, name="features")

    def build(self, x_shape: Shape, condition_shape: Shape) -> None:
        joints = self.skeleton.num_joints
        self.embedding.build((joints, None, x_shape[-1]))
        per_joint = self._numbers_per_joint(condition_shape[-1])
        self.features.build((joints, None, per_joint))
        self._build_tokens()

    def call(self, x: Tensor, condition: Tensor, dropout_seed: Tensor = None) -> Tensor:
        shape = ops.shape(x)
        joints = self.skeleton.num_joints
        flat = ops.reshape(x, (1, -1, x.shape[-1]))
        tokens = self.embedding(flat)
        features = self.features(self._per_joint(condition))
        tokens = ops.reshape(tokens, (joints, shape[0], shape[1], self.width))
        tokens = self.activation(tokens + features[:, :, None])
        tokens = ops.reshape(tokens, (joints, -1, self.width))
        out = self.join(self.head(self._mix(tokens)))
        return ops.reshape(out, (*shape[:2], self.output_size))

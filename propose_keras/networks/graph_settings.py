"""Sizes of the joint graphs, the same for all models that have them."""

import dataclasses
import itertools
from typing import Any

import keras

from propose_keras.layers import JointGraph
from propose_keras.layers.joint_graph import RELATIONS
from propose_keras.settings import Settings, setting

ENCODERS = ("mlp", "graph")


@dataclasses.dataclass(frozen=True)
class GraphSettings(Settings):
    """Whether and how networks are joint graphs (`layers.JointGraph`).

    Raises:
        ValueError: If a value is out of range.
    """

    encoder: str = setting(
        "mlp", "Networks: residual MLPs, or graphs over the joints.", choices=ENCODERS
    )
    graph_width: int = setting(96, "Size of a joint's token.", minimum=1)
    graph_blocks: int = setting(3, "Blocks of a graph.", minimum=0)
    graph_heads: int = setting(
        8, "Heads of a graph's mixing; divides --graph_width.", minimum=1
    )
    graph_relations: str = setting(
        "neighbours,uniform",
        "Relations between joints that the heads start from, in turn: "
        f"{', '.join(RELATIONS)}.",
    )
    graph_ratio: float = setting(
        1.0, "Units of a block's MLP, as a multiple of --graph_width.", minimum=0.1
    )
    graph_activation: str = setting("relu", "Activation of graphs, by its Keras name.")

    def __post_init__(self):
        super().__post_init__()
        keras.activations.get(self.graph_activation)
        unknown = set(self.relations) - set(RELATIONS)
        if unknown or self.graph_width % self.graph_heads:
            raise ValueError(
                f"`graph_relations` must be names of {', '.join(RELATIONS)} and "
                "`graph_width` a multiple of `graph_heads`. Received: "
                f"{self.graph_relations!r}, {self.graph_width}, {self.graph_heads}."
            )

    @property
    def relations(self) -> tuple[str, ...]:
        """Relation of each head."""
        names = [name.strip() for name in self.graph_relations.split(",")]
        return tuple(itertools.islice(itertools.cycle(names), self.graph_heads))

    def make_graph(
        self, outputs: int, skeleton: str, name: str, **arguments: Any
    ) -> JointGraph:
        """A `JointGraph` of these sizes.

        Args:
            outputs: Numbers of each joint at its end.
            skeleton: Name of the joint order.
            name: Of the layer.
            **arguments: Other arguments of `JointGraph`.
        """
        return JointGraph(
            outputs,
            width=self.graph_width,
            num_blocks=self.graph_blocks,
            relations=self.relations,
            ratio=self.graph_ratio,
            activation=self.graph_activation,
            skeleton=skeleton,
            name=name,
            **arguments,
        )

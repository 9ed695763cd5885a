"""The default networks: residual MLPs, by their sizes."""

import dataclasses
import functools
from typing import Any

import keras

from propose_keras.layers import GraphDecoder, ResidualMLP
from propose_keras.networks.couplings import AffineCoupling
from propose_keras.networks.discriminator import Discriminator
from propose_keras.networks.flow import ConditionalFlow
from propose_keras.networks.graph_settings import GraphSettings
from propose_keras.networks.lifting import GraphLifter
from propose_keras.networks.pagd import PAGDLearner
from propose_keras.networks.pilgd import PILGD_KINDS, PILGDLearner, encoder_size
from propose_keras.settings import setting

BASES = ("pagd", "standard")
# Size of the discriminator's code, whose cosines the pulling-away term takes.
_CRITIC_FEATURES = 32


@dataclasses.dataclass(frozen=True)
class ModelSettings(GraphSettings):
    """Sizes and constants of a ProPose model whose networks are residual MLPs.

    Raises:
        ValueError: If a value is out of range.
    """

    pilgd: str = setting(
        "instance",
        "PILGD learner: the paper's, or a variational one (Table 4).",
        choices=PILGD_KINDS,
    )
    base: str = setting(
        "pagd", "Base distribution: the paper's, or N(0, I) (Table 5).", choices=BASES
    )
    latent_size: int = setting(
        32, "Dimension d of the latent and base spaces.", minimum=2
    )
    width: int = setting(512, "Units of hidden layers.", minimum=1)
    num_blocks: int = setting(2, "Residual blocks of encoders and decoders.", minimum=0)
    num_couplings: int = setting(
        8, "Couplings of the flow; their subnets have one block.", minimum=1
    )
    flow_width: int | None = setting(
        None, "Units of the flow's subnets; --width if unset.", minimum=1
    )
    discriminator_width: int | None = setting(
        None, "Units of the discriminator; --width if unset.", minimum=1
    )
    num_features: int = setting(
        16, "Features of each joint that the lifter gives to other networks.", minimum=1
    )
    isolated: bool = setting(
        True, "Train the lifter by the error of the lifted pose alone."
    )
    decoder_width: int = setting(
        64, "Size of a joint's token in the graph decoder k.", minimum=1
    )
    decoder_blocks: int = setting(
        0, "Blocks of the graph decoder k, once per hypothesis.", minimum=0
    )
    latent_scale: float = setting(0.1, "s of Eq. 3.", minimum=1e-6)
    clamp: float = setting(1.0, "alpha of Eq. 5.", minimum=1e-6)
    bounded: bool = setting(
        False, "Decode latents as if none lay further out than those of poses do."
    )
    dropout: float = setting(
        0.0,
        "Share of units dropped in training, in encoders and decoders.",
        minimum=0,
        maximum=0.99,
    )
    activation: str = setting("relu", "Activation, by its Keras name.")
    temperature: float = setting(
        1.0,
        "Factor on the base's standard deviation that is saved with the model; "
        "training ignores it. `evaluate.py --temperatures` finds it.",
        minimum=1e-6,
    )

    def __post_init__(self):
        super().__post_init__()
        keras.activations.get(self.activation)


def default_networks(
    settings: Any, skeleton: Any, num_inputs: int = 2
) -> dict[str, Any]:
    """The networks of a default ProPose model.

    Args:
        settings: `ModelSettings`.
        skeleton: The `Skeleton`.
        num_inputs: Numbers of each joint of the condition, see `PoseNormalization`.

    Returns:
        Dict from the names of `ProPose`'s arguments to networks; those that the
        settings leave out are None.
    """
    joints, latent_size = skeleton.num_joints, settings.latent_size
    lifter = None
    if settings.encoder == "graph":
        lifter = GraphLifter(
            settings.make_graph(3, skeleton.name, "graph"),
            settings.num_features,
            settings.isolated,
            num_inputs,
            name="lifter",
        )
    sizes = {
        "latent_size": latent_size,
        "num_joints": joints,
        "condition_size": num_inputs * joints
        if lifter is None
        else lifter.feature_size,
    }

    def mlp(output_size, name, width=None, num_blocks=None, **arguments):
        return ResidualMLP(
            output_size,
            width=settings.width if width is None else width,
            num_blocks=settings.num_blocks if num_blocks is None else num_blocks,
            activation=settings.activation,
            name=name,
            **arguments,
        )

    coder = functools.partial(mlp, dropout=settings.dropout)

    def decoder():
        if lifter is None:
            return coder(3 * joints, "decoder")
        return GraphDecoder(
            3,
            width=settings.decoder_width,
            num_blocks=settings.decoder_blocks,
            relations=settings.relations,
            ratio=settings.graph_ratio,
            activation=settings.graph_activation,
            skeleton=skeleton.name,
            name="decoder",
        )

    def subnet(name):
        return mlp(
            AffineCoupling.num_outputs(latent_size),
            name,
            width=settings.flow_width,
            num_blocks=1,
            zero_output=True,
        )

    def critic(output_size, name):
        width = settings.discriminator_width
        return mlp(output_size, name, width=width, num_blocks=1)

    pagd_learner = None
    if settings.base == "pagd":
        pagd_learner = PAGDLearner(
            encoder=coder(settings.width, "encoder"),
            decoder=coder(2 * joints, "decoder"),
            feature_size=settings.width,
            name="pagd_learner",
            **sizes,
        )
    return {
        "lifter": lifter,
        "pilgd_learner": PILGDLearner(
            encoder=coder(encoder_size(latent_size, settings.pilgd), "encoder"),
            decoder=decoder(),
            latent_scale=settings.latent_scale,
            clamp=settings.clamp,
            kind=settings.pilgd,
            bounded=settings.bounded,
            name="pilgd_learner",
            **sizes,
        ),
        "flow": ConditionalFlow(
            couplings=[
                AffineCoupling(subnet(f"subnet_{i}"))
                for i in range(settings.num_couplings)
            ],
            name="flow",
            **sizes,
        ),
        "pagd_learner": pagd_learner,
        "discriminator": Discriminator(
            encoder=critic(_CRITIC_FEATURES, "encoder"),
            decoder=critic(3 * joints, "decoder"),
            num_joints=joints,
            feature_size=_CRITIC_FEATURES,
            name="discriminator",
        ),
    }

"""The default networks: residual MLPs, by their sizes."""

import dataclasses

import keras

from propose_keras.layers import ResidualMLP
from propose_keras.networks.couplings import AffineCoupling
from propose_keras.networks.discriminator import Discriminator
from propose_keras.networks.flow import ConditionalFlow
from propose_keras.networks.pagd import PAGDLearner
from propose_keras.networks.pilgd import PILGD_KINDS, PILGDLearner, encoder_size
from propose_keras.settings import Settings, setting

BASES = ("pagd", "standard")
# Size of the discriminator's code, whose cosines the pulling-away term takes.
_CRITIC_FEATURES = 32


@dataclasses.dataclass(frozen=True)
class ModelSettings(Settings):
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
    latent_scale: float = setting(0.1, "s of Eq. 3.", minimum=1e-6)
    clamp: float = setting(1.0, "alpha of Eq. 5.", minimum=1e-6)
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


def default_networks(settings, num_joints):
    """The networks of a default ProPose model.

    Args:
        settings: `ModelSettings`.
        num_joints: Number of joints, J.

    Returns:
        Dict from the names of `ProPose`'s arguments to networks; `pagd_learner` is None
        for the standard base.
    """
    joints, latent_size = num_joints, settings.latent_size

    def mlp(output_size, name, width=None, num_blocks=None, **arguments):
        return ResidualMLP(
            output_size,
            width=settings.width if width is None else width,
            num_blocks=settings.num_blocks if num_blocks is None else num_blocks,
            activation=settings.activation,
            name=name,
            **arguments,
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

    dropout = settings.dropout
    pagd_learner = None
    if settings.base == "pagd":
        pagd_learner = PAGDLearner(
            encoder=mlp(settings.width, "encoder", dropout=dropout),
            decoder=mlp(2 * joints, "decoder", dropout=dropout),
            latent_size=latent_size,
            num_joints=joints,
            feature_size=settings.width,
            name="pagd_learner",
        )
    return {
        "pilgd_learner": PILGDLearner(
            encoder=mlp(
                encoder_size(latent_size, settings.pilgd), "encoder", dropout=dropout
            ),
            decoder=mlp(3 * joints, "decoder", dropout=dropout),
            latent_size=latent_size,
            num_joints=joints,
            latent_scale=settings.latent_scale,
            clamp=settings.clamp,
            kind=settings.pilgd,
            name="pilgd_learner",
        ),
        "flow": ConditionalFlow(
            couplings=[
                AffineCoupling(subnet(f"subnet_{i}"))
                for i in range(settings.num_couplings)
            ],
            latent_size=latent_size,
            num_joints=joints,
            name="flow",
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

"""Small networks for tests."""

from propose_keras.layers import ResidualMLP
from propose_keras.networks import (
    AffineCoupling,
    ConditionalFlow,
    Discriminator,
    PAGDLearner,
    PILGDLearner,
)
from propose_keras.networks.pilgd import encoder_size


def mlp(output_size, **kwargs):
    return ResidualMLP(output_size, **{"width": 8, "num_blocks": 1, **kwargs})


def make_pilgd(kind="instance", latent_size=6, num_joints=17, **kwargs):
    parts = {
        "encoder": mlp(encoder_size(latent_size, kind)),
        "decoder": mlp(3 * num_joints),
    }
    return PILGDLearner(
        **{**parts, **kwargs}, latent_size=latent_size, num_joints=num_joints, kind=kind
    )


def make_pagd(**kwargs):
    return PAGDLearner(mlp(5), mlp(34), latent_size=6, feature_size=5, **kwargs)


def make_discriminator():
    return Discriminator(mlp(5), mlp(51), feature_size=5)


def make_flow(latent_size=6, num_joints=17, num_couplings=3, **kwargs):
    outputs = AffineCoupling.num_outputs(latent_size)
    couplings = [
        AffineCoupling(mlp(outputs, zero_output=True, name=f"subnet_{i}"))
        for i in range(num_couplings)
    ]
    return ConditionalFlow(couplings, latent_size, num_joints, **kwargs)

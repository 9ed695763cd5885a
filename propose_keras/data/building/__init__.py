"""What builders of data sets share; the builders themselves are in `datasets/`.

A builder is a subclass of `ClipsBuilder` whose examples come from `clip_example`.
"""

from propose_keras.data.building.examples import clip_example, clip_features

__all__ = ["clip_example", "clip_features"]

"""The settings of `PoseNormalization`."""

import dataclasses

from propose_keras.settings import Settings, setting


@dataclasses.dataclass(frozen=True)
class NormalizationSettings(Settings):
    """Arguments of `PoseNormalization`, which explains them."""

    scale: str = setting(
        "image",
        "What keypoints are divided by: half the image's width, or the pose's size.",
        choices=("image", "pose"),
    )
    root: str = setting(
        "keep",
        "What becomes of the root's place in the image: an input of the networks, "
        "left out, or a turn of the camera towards it.",
        choices=("keep", "remove", "ray"),
    )
    focal_length: float = setting(
        1.15,
        "Assumed focal length as a share of the image's longer side, for --root=ray.",
        minimum=1e-6,
    )
    deviation_input: bool = setting(
        False,
        "Tell the networks how uncertain each keypoint is: its standard deviation, "
        "beside x and y.",
    )

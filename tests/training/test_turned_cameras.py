"""With `root="ray"` training sees the same whichever way the camera looks."""

import numpy as np
from keras import ops

from propose_keras import PoseNormalization, ProPose
from propose_keras.data import PoseArrays
from propose_keras.evaluation.latents import instance_depths, latent_means

SIZE = np.array([1000.0, 1000.0], "float32")


def seen(pose):
    return np.float32(pose[..., :2] / pose[..., 2:] * 1150 + 500)


def arrays_of(pose, clip):
    return PoseArrays(
        keypoints_2d=seen(pose),
        pose_3d=np.float32(pose),
        clips=[clip],
        clip_index=np.zeros(len(pose), np.int32),
        frame_index=np.arange(len(pose), dtype=np.int32),
    )


def test_batches_and_latents_do_not_depend_on_where_the_camera_looks(rng, make_clip):
    ahead = rng.normal(size=(8, 17, 3)) * 250
    ahead += [0, 0, 5000] - ahead[:, :1]
    # A turn about the y axis, as the shortest way to the hip undoes it.
    cosine, sine = np.cos(0.3), np.sin(0.3)
    turn = np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]])
    aside = ahead @ turn.T
    normalization = PoseNormalization(scale="pose", root="ray", name="normalization")
    normalization.adapt(seen(ahead), SIZE, ahead)
    model = ProPose.from_sizes(
        latent_size=4, width=8, num_couplings=1, normalization=normalization
    )
    batches = [
        model.training_batch(
            ({"keypoints": seen(p), "image_size": SIZE}, np.float32(p))
        )
        for p in (ahead, aside)
    ]
    for one, other in zip(*batches):
        np.testing.assert_allclose(
            ops.convert_to_numpy(one), ops.convert_to_numpy(other), atol=1e-3
        )
    arrays = [arrays_of(p, make_clip()) for p in (ahead, aside)]
    means = [latent_means(model, a) for a in arrays]
    np.testing.assert_allclose(*means, atol=1e-3)
    depths = [
        instance_depths(model, arrays_of(p, make_clip()), 5) for p in (ahead, aside)
    ]
    assert np.abs(depths[0] - depths[1]).max() > 20  # In the camera's axes.

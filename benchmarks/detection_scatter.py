"""How MediaPipe's landmarks scatter, by what it says of their visibility.

    python benchmarks/detection_scatter.py

Two photographs of scikit-image that are free to use, `astronaut` and `camera`, are
cropped, scaled, lightened and compressed at random, and the landmarks that the lifter
uses are found in each. What is measured is the deviation of each landmark from its
median place in the photograph, per axis, in mm at the person's scale. It is a lower
bound of the error: what MediaPipe gets wrong in every crop is not in it.

Prints, by the smaller of visibility and presence, and by visibility alone: the share of
landmarks, the root of the mean squared deviation (of deviations up to 200 mm), 1.48
times the median absolute one, and the deviation that `Lifter` takes a joint of such a
score to have.
"""

import argparse
import io
import pathlib

import numpy as np

# Millimetres per pixel: the astronaut's shoulders are 195 pixels apart, the
# photographer's head is 140 high.
PICTURES = {"astronaut": 2.0, "camera": 1.7}
USED = [0, 2, 5, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28]
EDGES = [0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 1.0]
FARTHEST = 200.0
KEYPOINT_NOISE = 50.0  # As `Lifter`'s default.


def crop(picture, rng):
    """A random part of a picture.

    Returns:
        Its corner in the picture, its pixels per pixel of the picture, the part.
    """
    from PIL import Image, ImageEnhance

    size = np.array(picture.shape[1::-1])
    part = (size * rng.uniform(0.75, 1.0, 2)).astype(int)
    corner = rng.integers(0, size - part + 1)
    (left, top), (right, bottom) = corner, corner + part
    image = Image.fromarray(picture).crop((left, top, right, bottom))
    scaled = np.maximum((part * rng.uniform(0.5, 1.3)).astype(int), 1)
    image = image.resize(scaled.tolist(), Image.Resampling.BICUBIC)
    image = ImageEnhance.Brightness(image).enhance(rng.uniform(0.7, 1.2))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=int(rng.integers(40, 95)))
    with Image.open(file) as image:
        return corner, scaled / part, np.asarray(image.convert("RGB"))


def landmarks(detector, picture, count, rng):
    """Landmarks in crops of a picture.

    Returns:
        `(found, landmarks, 4)`: x and y in the picture, visibility, presence.
    """
    from propose_keras.detection import Frame

    parts = [crop(picture, rng) for _ in range(count)]
    people = detector.landmarks(Frame(i, part[2]) for i, part in enumerate(parts))
    found = []
    for (corner, scale, image), person in zip(parts, people):
        if len(person):
            row = person[0, USED]
            row[:, :2] = row[:, :2] * image.shape[1::-1] / scale + corner
            found.append(row)
    return np.array(found)


def table(rows, sureness):
    """Rows of the table.

    Args:
        rows: `(n, 2)` deviations in mm.
        sureness: `(n,)` what to sort them by.
    """
    from propose_keras.keypoint_files.mediapipe_scores import score_of

    for low, high in zip(EDGES, EDGES[1:]):
        inside = (sureness >= low) & (sureness < high if high < 1 else sureness <= 1)
        if not inside.any():
            continue
        deviations = np.abs(rows[inside])
        middle = sureness[inside].mean()
        yield {
            "from": low,
            "to": high,
            "share": inside.mean(),
            "rms": np.sqrt((deviations.clip(max=FARTHEST) ** 2).mean()),
            "typical": 1.4826 * np.median(deviations),
            "assumed": KEYPOINT_NOISE * (1 - score_of(middle, middle)),
        }


def main(arguments=None):
    """Measures and prints."""
    from skimage import color, data

    from propose_keras.detection.mediapipe_pose import MediaPipePose

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--detector_model", type=pathlib.Path)
    parser.add_argument("--num_crops", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    values = parser.parse_args(arguments)
    detector, rng = (
        MediaPipePose(values.detector_model),
        np.random.default_rng(values.seed),
    )
    deviations, sureness = [], []
    for name, scale in PICTURES.items():
        picture = getattr(data, name)()
        if picture.ndim == 2:
            picture = (color.gray2rgb(picture)).astype(np.uint8)
        found = landmarks(detector, picture, values.num_crops, rng)
        print(f"{name}: found in {len(found)} of {values.num_crops} crops.")
        deviations.append(scale * (found - np.median(found, axis=0))[..., :2])
        sureness.append(found[..., 2:])
    deviations = np.concatenate([d.reshape(-1, 2) for d in deviations])
    sureness = np.concatenate([s.reshape(-1, 2) for s in sureness])
    for title, chosen in (
        ("smaller of both", sureness.min(axis=1)),
        ("visibility", sureness[:, 0]),
    ):
        print(f"{title:16} {'share':>7} {'rms':>7} {'typical':>8} {'assumed':>8}  mm")
        for row in table(deviations, chosen):
            print(
                f"{row['from']:6.2f} to {row['to']:5.2f} {row['share']:7.1%} "
                f"{row['rms']:7.0f} {row['typical']:8.0f} {row['assumed']:8.0f}"
            )


if __name__ == "__main__":
    main()

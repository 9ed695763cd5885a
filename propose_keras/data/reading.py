"""Reads a data set that `tfds build` wrote into flat arrays."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from propose_keras.data.arrays import Clip, PoseArrays


class DatasetNotBuiltError(ValueError):
    """The data set is not in the folder given."""


def load_arrays(
    dataset: str,
    data_dir: str | os.PathLike,
    split: str,
    pose_feature: str = "pose_3d",
    frame_mask: str | None = None,
) -> PoseArrays:
    """Reads a split of a built data set into memory.

    Needs no builder code. Data sets built with `--file_format=array_record` are read
    without TensorFlow. Clips come sorted by subject, action, take and camera, so the
    arrays do not depend on the file format or the order of writing.

    Example:
    ```python
    train = load_arrays("human36m/gt", "~/tensorflow_datasets", "train")
    train, validation = split_validation(train)
    ```

    Args:
        dataset: `name` or `name/config`, with `:version` after it if wanted.
        data_dir: The `--data_dir` that `tfds build` was given.
        split: `train` or `test`; `train[:10%]` and the like count clips.
        pose_feature: Feature to take as `pose_3d`, where a data set has several.
        frame_mask: Name of a feature `(frames,)`; only frames where it is true are
            kept, under their own frame numbers.

    Returns:
        All frames of the split.

    Raises:
        DatasetNotBuiltError: If the data set or that config is not in `data_dir`;
            the message has the command that builds it.
        ValueError: If there is no such split or feature.
    """
    builder = _find_builder(dataset, os.path.expanduser(os.fspath(data_dir)))
    base_split = split.split("[")[0].split("+")[0]
    if base_split not in builder.info.splits:
        raise ValueError(
            f"{dataset} in {data_dir} has no split {base_split!r}. "
            f"There are: {', '.join(builder.info.splits)}."
        )
    for feature in (pose_feature, frame_mask):
        if feature is not None and feature not in builder.info.features:
            raise ValueError(
                f"{dataset} has no feature {feature!r}. "
                f"There are: {', '.join(builder.info.features)}."
            )
    return arrays_from_examples(_examples(builder, split), pose_feature, frame_mask)


def arrays_from_examples(
    examples: Iterable[Mapping],
    pose_feature: str = "pose_3d",
    frame_mask: str | None = None,
) -> PoseArrays:
    """Lays examples with the shared features out as flat arrays.

    Args:
        examples: Mappings of feature name to array or string, one per clip.
        pose_feature: See `load_arrays`.
        frame_mask: See `load_arrays`.

    Returns:
        All frames, clips sorted by subject, action, take and camera.

    Raises:
        ValueError: If there are no examples or none has a frame left.
    """
    parts = [_read_example(e, pose_feature, frame_mask) for e in examples]
    parts = [part for part in parts if len(part[1])]
    if not parts:
        raise ValueError("There is no frame in the examples: nothing to lay out.")
    parts.sort(key=lambda p: (p[0].subject, p[0].action, p[0].take, p[0].camera))
    lengths = [len(frames) for _, frames, _ in parts]
    ends = list(itertools.accumulate(lengths))
    fields = {
        name: np.empty((ends[-1], *part.shape[1:]), np.float32)
        for name, part in parts[0][2].items()
    }
    clip_index = np.repeat(np.arange(len(parts), dtype=np.int32), lengths)
    frame_index = np.concatenate([frames for _, frames, _ in parts])
    clips = [clip for clip, _, _ in parts]
    # Parts are let go as they are copied: memory peaks at little more than one copy.
    for end, length in zip(reversed(ends), reversed(lengths)):
        _, _, part = parts.pop()
        for name, values in part.items():
            fields[name][end - length : end] = values
    return PoseArrays(
        clips=clips, clip_index=clip_index, frame_index=frame_index, **fields
    )


def _read_example(
    example: Mapping, pose_feature: str, frame_mask: str | None
) -> tuple[Clip, np.ndarray, dict[str, np.ndarray]]:
    num_frames = len(example[pose_feature])
    clip = Clip(
        subject=_text(example["subject"]),
        action=_text(example["action"]),
        take=_text(example["take"]),
        camera=_text(example["camera"]),
        frame_rate=float(example["frame_rate"]),
        image_size=(int(example["image_size"][0]), int(example["image_size"][1])),
        intrinsics=np.asarray(example["intrinsics"]),
        distortion=np.asarray(example["distortion"]),
        rotation=np.asarray(example["rotation"]),
        translation=np.asarray(example["translation"]),
        num_frames=num_frames,
    )
    fields = {"pose_3d": example[pose_feature], "keypoints_2d": example["keypoints_2d"]}
    if "keypoint_scores" in example:
        fields["keypoint_scores"] = example["keypoint_scores"]
    frames = np.arange(num_frames, dtype=np.int32)
    if frame_mask is not None:
        frames = frames[np.asarray(example[frame_mask], bool)]
        fields = {name: np.asarray(values)[frames] for name, values in fields.items()}
    return clip, frames, fields


def _text(value: bytes | str) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def _find_builder(dataset: str, data_dir: str):
    import tensorflow_datasets as tfds

    error = None
    try:
        builder = tfds.builder(dataset, data_dir=data_dir)
        if builder.is_prepared():
            return builder
    except tfds.core.DatasetNotFoundError as caught:
        error = caught
    raise DatasetNotBuiltError(_not_built_message(dataset, data_dir)) from error


def _not_built_message(dataset: str, data_dir: str) -> str:
    name, _, config = dataset.split(":")[0].partition("/")
    command = f"tfds build datasets/{name}"
    command += f" --config={config}" if config else ""
    message = (
        f"{dataset} is not built in {data_dir}. Build it with\n"
        f"  {command} --data_dir={data_dir}\n"
        "and, where docs/datasets.md lists files that it needs, "
        "--manual_dir=FOLDER_OF_THOSE_FILES; or pass the `data_dir` that it was built "
        "into."
    )
    folder = os.path.join(data_dir, name)
    if os.path.isdir(folder):
        found = sorted(d for d in os.listdir(folder) if not d.startswith("."))
        message += f" Found in {folder}: {', '.join(found) or 'nothing'}."
    return message


def _examples(builder, split: str) -> Iterator[Mapping]:
    file_format = builder.info.file_format
    if file_format is not None and file_format.value == "array_record":
        yield from builder.as_data_source(split=split)
        return
    import tensorflow_datasets as tfds

    try:
        split_of_clips = builder.as_dataset(split=split, shuffle_files=False)
    except ImportError as error:
        raise ImportError(
            f"{builder.info.full_name} was built in a file format that only TensorFlow "
            "reads. Install it, or build the set again with "
            "--file_format=array_record."
        ) from error
    yield from tfds.as_numpy(split_of_clips)

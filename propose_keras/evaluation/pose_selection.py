"""Which poses of a data set an evaluation takes."""

import collections
import os
import re

import numpy as np

from propose_keras.data.arrays import PoseArrays, split_validation
from propose_keras.data.reading import load_arrays
from propose_keras.evaluation.protocols import Protocol, ProtocolError
from propose_keras.human36m_names import TAKES, Sequence, parse_sequence
from propose_keras.types import Tensor

_LINE = re.compile(r"/?(S\d+)/([A-Za-z]+)(?: (\d))?\.(\d+)/(\d+)(?:\.jpg)?")
# Image 4 of the list's source is frame 3: its images are 4, 8, ..., its poses
# `arange(3, num_frames, 4)` (Wehrbein's `create_data.py`).
_FIRST_IMAGE = 1


def load_poses(
    protocol: Protocol,
    dataset: str,
    data_dir: str | os.PathLike,
    split: str = "test",
    *,
    validation_subject: str = "S8",
    frame_stride: int = 1,
    frame_list: str | os.PathLike | None = None,
) -> PoseArrays:
    """Reads the poses of a built data set that a protocol is evaluated on.

    Args:
        protocol: What is evaluated.
        dataset: `name` or `name/config`, with `:version` after it if wanted.
        data_dir: The `--data_dir` that `tfds build` was given.
        split: `"test"`, or `"validation"` for `validation_subject` of the training
            split.
        validation_subject: Subject held out of training.
        frame_stride: See `select_poses`.
        frame_list: See `select_poses`.

    Raises:
        ProtocolError: If the protocol is not defined on the data set, or as
            `select_poses`.
        DatasetNotBuiltError: If the data set is not in `data_dir`.
        ValueError: If the split is unknown or holds nobody of that name.
        OSError: If a file cannot be read.
    """
    if split not in ("test", "validation"):
        raise ValueError(f"Expected split 'test' or 'validation', received {split!r}.")
    protocol.check_dataset(dataset)
    source = "train" if split == "validation" else "test"
    arrays = load_arrays(dataset, data_dir, source, protocol.pose_feature)
    if split == "validation":
        _, arrays = split_validation(arrays, validation_subject)
    return select_poses(protocol, arrays, frame_stride, frame_list)


def select_poses(
    protocol: Protocol,
    arrays: PoseArrays,
    frame_stride: int = 1,
    frame_list: str | os.PathLike | None = None,
) -> PoseArrays:
    """The poses that a protocol is evaluated on.

    Args:
        protocol: What is evaluated.
        arrays: All poses of the split.
        frame_stride: Every so many frames, counted from frame 0 of each clip; the
            protocol's own stride goes before it.
        frame_list: File of a frame list, for protocols that need one; they take all
            its frames.

    Returns:
        The poses in their order.

    Raises:
        ProtocolError: If the list is missing, not wanted, or does not fit the data; if
            the protocol's scenes do not cover the data's subjects.
    """
    if protocol.needs_frame_list != (frame_list is not None):
        need = "needs a" if protocol.needs_frame_list else "takes no"
        raise ProtocolError(f"Protocol {protocol.name!r} {need} list of frames.")
    if protocol.scenes is not None:
        unknown = {clip.subject for clip in arrays.clips} - set(protocol.scenes)
        if unknown:
            raise ProtocolError(
                f"Protocol {protocol.name!r} knows the scenes of "
                f"{', '.join(protocol.scenes)}; the data has also "
                f"{', '.join(sorted(unknown))}."
            )
    if frame_list is not None:
        return arrays.subset(find_frames(arrays, read_frame_list(frame_list)))
    return arrays.select(frame_stride=protocol.frame_stride or frame_stride)


def read_frame_list(path: str | os.PathLike) -> list[tuple[str, str, str, str, int]]:
    """Reads a list of Human3.6M frames.

    Lines are such as `/S9/Directions 1.54138969/160.jpg`: subject, file name, camera
    and the image's number from 1. File names may be Human3.6M's or, as in the published
    list of ambiguous frames, those of Wehrbein et al., who call an action's two files
    always `Action` and `Action 1`: where Human3.6M numbers them otherwise, its file
    without a number, or else with the higher number, is their `Action`.

    Returns:
        `(subject, action, take, camera, frame index from 0)` for each line.

    Raises:
        ProtocolError: If a line is something else or names no sequence of Human3.6M.
    """
    frames = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            match = _LINE.fullmatch(line.strip())
            sequence = match and _find_sequence(*match.groups(default="")[:3])
            if not match or not sequence:
                raise ProtocolError(
                    f"{path}, line {number}: {line.strip()!r} names no frame of "
                    "Human3.6M. Expected such as '/S9/Directions 1.54138969/160.jpg'."
                )
            frame = int(match[5]) - _FIRST_IMAGE
            frames.append((*_key(sequence), match[4], frame))
    if not frames:
        raise ProtocolError(f"{path} lists no frame.")
    return frames


def _key(sequence: Sequence) -> tuple[str, str, str]:
    return sequence.subject, sequence.action, sequence.take


def _find_sequence(subject: str, action: str, number: str) -> Sequence | None:
    sequence = parse_sequence(subject, f"{action} {number}".strip())
    if sequence is not None or number not in ("", "1"):
        return sequence
    # Only Wehrbein's names are left.
    files = [Sequence(subject, action, take).file_name for take in TAKES]
    unnumbered = action if action in files else max(files)
    files.remove(unnumbered)
    return parse_sequence(subject, files[0] if number else unnumbered)


def find_frames(arrays: PoseArrays, frames: Tensor) -> np.ndarray:
    """Rows of listed frames.

    Args:
        arrays: Poses to find them in.
        frames: `(subject, action, take, camera, frame index)` for each.

    Returns:
        Increasing row numbers, each once.

    Raises:
        ProtocolError: If a clip or frame of the list is not among the rows.
    """
    wanted = collections.defaultdict(set)
    for *clip, frame in frames:
        wanted[tuple(clip)].add(frame)
    clips = {
        (c.subject, c.action, c.take, c.camera): i for i, c in enumerate(arrays.clips)
    }
    missing = sorted(set(wanted) - set(clips))
    if missing:
        raise ProtocolError(
            f"{len(missing)} of {len(wanted)} clips of the list of frames are not in "
            f"the data, the first is {' '.join(missing[0])}. The data has the subjects "
            f"{', '.join(sorted({c.subject for c in arrays.clips}))}."
        )
    rows = []
    for clip, numbers in wanted.items():
        of_clip = np.flatnonzero(arrays.clip_index == clips[clip])
        found = np.isin(arrays.frame_index[of_clip], sorted(numbers))
        if found.sum() != len(numbers):
            raise ProtocolError(
                f"{len(numbers) - found.sum()} of {len(numbers)} frames listed of "
                f"{' '.join(clip)} are not in the data, which has {len(of_clip)} of it."
            )
        rows.append(of_clip[found])
    return np.sort(np.concatenate(rows))

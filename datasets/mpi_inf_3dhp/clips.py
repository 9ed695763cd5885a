"""From the files of MPI-INF-3DHP to examples."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from propose_keras.data.errors import DataFileError

from .layout import Sources
from .readers import (
    list_training_npz,
    read_test_mat,
    read_test_npz,
    read_training_mat,
    read_training_npz,
)
from .recordings import Recording, to_example


def read_training(sources: Sources, cameras: Sequence[int]) -> Iterator[Recording]:
    """Reads the training set, one recording per sequence and camera.

    Args:
        sources: The files.
        cameras: Numbers of the cameras to read.

    Raises:
        DataFileError: If a file is damaged, unsafe, or not what its name claims.
    """
    for (subject, sequence), folder in sources.training_folders.items():
        yield from read_training_mat(folder, subject, sequence, cameras)
    if sources.training_npz:
        keys = list_training_npz(sources.training_npz)
        yield from read_training_npz(sources.training_npz, cameras, keys)


def read_test(sources: Sources) -> Iterator[Recording]:
    """Reads the test set, one recording per sequence and activity."""
    if sources.test_npz:
        recordings = read_test_npz(sources.test_npz)
    else:
        recordings = (
            read_test_mat(path, subject) for subject, path in sources.test_mats.items()
        )
    for recording in recordings:
        yield from recording.split_by_activity()


def make_examples(
    recordings: Iterable[Recording],
    fix_swapped_sides: bool,
    frames: dict[str, tuple[int, int]],
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Examples of recordings.

    Args:
        recordings: What to write.
        fix_swapped_sides: Whether to swap left and right back in the frames of S4
            Seq2 that have them swapped.
        frames: Filled: for each subject the frames taken, and the frames annotated in
            the source of the last of its recordings.

    Yields:
        Key and example with the features of `datasets/mpi_inf_3dhp`.

    Raises:
        DataFileError: If two clips have one name.
    """
    keys = set()
    for recording in recordings:
        if fix_swapped_sides:
            recording = recording.fix_swapped_sides()
        key = f"{recording.subject}-{recording.action}-{recording.camera.name}"
        if key in keys:
            raise DataFileError(f"{key} is there twice: expected one clip of a name.")
        keys.add(key)
        num_frames, _ = frames.get(recording.subject, (0, 0))
        num_frames += len(recording.frame_numbers)
        frames[recording.subject] = (num_frames, recording.num_annotated)
        yield key, to_example(recording)

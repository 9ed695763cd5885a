"""From the files of MPI-INF-3DHP to examples."""

import functools
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

from propose_keras.data.errors import DataFileError
from propose_keras.data.mpi_inf_3dhp import facts
from propose_keras.data.mpi_inf_3dhp.layout import Sources
from propose_keras.data.mpi_inf_3dhp.readers import (
    list_training_npz,
    read_test_mat,
    read_test_npz,
    read_training_mat,
    read_training_npz,
)
from propose_keras.data.mpi_inf_3dhp.recordings import Recording, to_example
from propose_keras.data.shards import ExampleGenerator, group_evenly

# About 220 MB. Each worker reads the whole npz file again for a part of this size.
FRAMES_PER_NPZ_SHARD = 250_000


def plan_training(
    sources: Sources, cameras: Sequence[int], mend_swapped_sides: bool
) -> list[ExampleGenerator]:
    """Plans the files of the training split.

    Args:
        sources: The files.
        cameras: Numbers of the cameras to build.
        mend_swapped_sides: As `make_examples` takes it.

    Returns:
        A generator for each file: one per sequence, or where the source is P-STMO's
        npz one per some sequences.

    Raises:
        DataFileError: If the npz is damaged, unsafe, or not what its name says.
    """
    reads = [
        functools.partial(read_training_mat, folder, subject, sequence, cameras)
        for (subject, sequence), folder in sources.training_folders.items()
    ]
    if sources.training_npz:
        keys = list_training_npz(sources.training_npz)
        sizes = [facts.TRAINING_SEQUENCES[key][0] * len(cameras) for key in keys]
        reads += [
            functools.partial(
                read_training_npz, sources.training_npz, cameras, sequences
            )
            for sequences in group_evenly(keys, sizes, FRAMES_PER_NPZ_SHARD)
        ]
    return [functools.partial(make_examples, r, mend_swapped_sides) for r in reads]


def plan_test(sources: Sources, mend_swapped_sides: bool) -> list[ExampleGenerator]:
    """Plans the test split: one file, as the whole set has 2929 valid frames."""
    if not (sources.test_mats or sources.test_npz):
        return []
    read = functools.partial(read_activities, sources)
    return [functools.partial(make_examples, read, mend_swapped_sides)]


def read_activities(sources: Sources) -> Iterator[Recording]:
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
    read: Callable[[], Iterator[Recording]], mend_swapped_sides: bool
) -> Generator[tuple[str, dict[str, Any]], None, dict[str, list[int]]]:
    """Reads clips.

    Runs in Beam's workers.

    Args:
        read: Yields recordings.
        mend_swapped_sides: Whether to swap left and right back in the frames of S4
            Seq2 that have them swapped.

    Yields:
        Key and example with the features of `datasets/mpi_inf_3dhp`.

    Returns:
        For each subject the frames read, and the frames annotated in the last of its
        recordings' sources.

    Raises:
        DataFileError: If a file is damaged, or two clips have one name.
    """
    frames, keys = {}, set()
    for recording in read():
        if mend_swapped_sides:
            recording = recording.mend_swapped_sides()
        key = f"{recording.subject}-{recording.action}-{recording.camera.name}"
        if key in keys:
            raise DataFileError(f"{key} is there twice: expected one clip of a name.")
        keys.add(key)
        num_frames, _ = frames.get(recording.subject, (0, 0))
        num_frames += len(recording.frame_numbers)
        frames[recording.subject] = [num_frames, recording.num_annotated]
        yield key, to_example(recording)
    return frames

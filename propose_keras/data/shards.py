"""Writes the files of a data set, each by one of Beam's workers."""

from __future__ import annotations

import dataclasses
import json
import os
import typing
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, TypeVar

from propose_keras.data.errors import DataFileError

if typing.TYPE_CHECKING:
    import tensorflow_datasets as tfds

# Yields keys and examples, and may return notes for the builder, made of what JSON
# has. It travels to a worker, so it has to be a function of an importable module or a
# `functools.partial` of one.
ExampleGenerator = Callable[[], Generator[tuple[str, Mapping[str, Any]], None, Any]]

Item = TypeVar("Item")


@dataclasses.dataclass(frozen=True)
class Shard:
    """One file to write.

    Attributes:
        path: The file.
        generate: Yields what belongs into it.
    """

    path: str
    generate: ExampleGenerator


def group_evenly(
    items: Sequence[Item], sizes: Sequence[float], group_size: float
) -> list[tuple[Item, ...]]:
    """Groups neighbours, such as the clips of one file, by size.

    Args:
        items: What to group; the order is kept.
        sizes: Size of each item.
        group_size: Size of a group, about.

    Returns:
        The groups, none of them empty.
    """
    total = sum(sizes)
    num_groups = max(1, round(total / group_size))
    groups, done = [[] for _ in range(num_groups)], 0
    for item, size in zip(items, sizes):
        index = int(done * num_groups // total) if total else 0
        groups[min(index, num_groups - 1)].append(item)
        done += size
    return [tuple(group) for group in groups if group]


def write_splits(
    generators: Mapping[str, Sequence[ExampleGenerator]],
    templates: Mapping[str, tfds.core.ShardedFileTemplate],
    writer: tfds.core.writer.ShardWriter,
    download_config: tfds.download.DownloadConfig,
) -> tuple[tfds.core.SplitDict, dict[str, list[Any]]]:
    """Writes all files of all splits side by side.

    TFDS' own `ShardBasedBuilder` gives Beam one step per file, which its local runner
    takes one after the other, and runs the steps of the first split again with those
    of the second. Here the files are the elements of one step.

    Args:
        generators: For each split one generator per file.
        templates: How the files of each split are named.
        writer: Turns examples into a file.
        download_config: Has Beam's runner and its options.

    Returns:
        The splits for `tfds.core.DatasetInfo.set_splits`, and for each split what the
        generators returned.

    Raises:
        DataFileError: If a split came out empty.
        RuntimeError: If the runner did not report every file.
    """
    import tensorflow_datasets as tfds

    paths = {
        split: templates[split].sharded_filepaths(len(generators[split]))
        for split in generators
    }
    shards = [
        Shard(os.fspath(path), generate)
        for split in generators
        for path, generate in zip(paths[split], generators[split])
    ]
    folder = next(iter(templates.values())).data_dir
    written = _run(shards, writer, download_config, folder / "shard_report.json")
    splits, notes = [], {}
    for split in generators:
        lengths, notes[split] = zip(*(written[os.fspath(p)] for p in paths[split]))
        if not sum(lengths):
            raise DataFileError(
                f"The split {split!r} came out empty: of its sources none has a clip "
                "that the config asks for."
            )
        splits.append(
            tfds.core.SplitInfo(
                name=split,
                shard_lengths=list(lengths),
                num_bytes=sum(path.stat().length for path in paths[split]),
                filename_template=templates[split],
            )
        )
    return tfds.core.SplitDict(splits), {s: list(notes[s]) for s in notes}


def _run(
    shards, writer, download_config, report: tfds.core.Path
) -> dict[str, tuple[int, Any]]:
    """Examples in each file and its notes, by path; they come back through a file."""
    import apache_beam as beam

    with beam.Pipeline(
        runner=download_config.beam_runner, options=download_config.beam_options
    ) as pipeline:
        _ = (
            pipeline
            | beam.Create(shards)
            | beam.Reshuffle()
            | "WriteShards" >> beam.Map(write_shard, writer)
            | beam.combiners.ToList()
            | "Report" >> beam.Map(_write_report, report)
        )
    written = {path: (n, notes) for path, n, notes in json.loads(report.read_text())}
    report.unlink()
    lost = [shard.path for shard in shards if shard.path not in written]
    if lost:
        raise RuntimeError(
            f"Beam did not report {len(lost)} of {len(shards)} files: {lost}. Build "
            "again, on one process if it persists "
            "(--beam_pipeline_options=runner=FnApiRunner)."
        )
    return written


def write_shard(
    shard: Shard, writer: tfds.core.writer.ShardWriter
) -> tuple[str, int, Any]:
    """Writes one file; runs in Beam's workers.

    Returns:
        The path, the number of examples written, and the generator's notes.
    """
    import tensorflow_datasets as tfds

    notes = None

    def examples():
        nonlocal notes
        notes = yield from shard.generate()

    num_examples = writer.write(examples=examples(), path=tfds.core.Path(shard.path))
    return shard.path, num_examples, notes


def _write_report(written: list[tuple[str, int, Any]], report: tfds.core.Path) -> None:
    report.write_text(json.dumps(written))

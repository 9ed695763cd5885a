"""Lifts people: `propose-predict INPUT --output=FILE`.

INPUT is a picture, a folder of pictures, a video or `camera:N`, in which a detector
finds the people; or what a detector wrote: JSON of AlphaPose, MMPose, Detectron2,
MediaPipe, Ultralytics or COCO, a folder of one file per frame, npz, npy, csv, or the
HDF5 files of SLEAP and DeepLabCut. See `docs/inference.md`.
"""

import collections
import contextlib
import functools
import pathlib
import sys
import warnings

from absl import flags

from propose_keras.cli.errors import UserError, run_main
from propose_keras.cli.lifter_flags import (
    define_lifter_flags,
    make_lifter,
    parse_image_size,
    parse_intrinsics,
    parse_smooth,
    parse_track,
)
from propose_keras.cli.motion_flags import define_motion_flags, ground_finder
from propose_keras.cli.pictures import define_picture_flags, open_pictures
from propose_keras.cli.progress import Meter, WithProgress, progress
from propose_keras.cli.selection_flags import define_selection_flags, parse_selection
from propose_keras.data.infilling import MIN_JOINTS
from propose_keras.detection import detect
from propose_keras.keypoint_files import KeypointWarning, read_keypoints
from propose_keras.skeletons import H36M_17, LAYOUTS
from propose_keras.writers import PoseWriters, open_writer

DEFAULT_FRAME_RATE = 30.0
# Outputs that show motion: `--smooth=auto` is yes if one of them is asked for.
_MOTION = (".bvh", ".glb", ".trc", ".c3d", ".mp4", ".gif")


def define_flags(values=flags.FLAGS):
    """Defines the flags, by default those of the process."""
    define_lifter_flags(values)
    flags.DEFINE_multi_string(
        "output",
        [],
        "Files to write, with commas between or one flag each: arrays (.npz, .json), "
        "a table (.csv), animations (.bvh, .glb), markers (.trc, .c3d), a stand-alone "
        "page with a 3D viewer (.html), a video (.mp4, .gif), a picture of a few poses "
        "(.png, .pdf, .svg).",
        flag_values=values,
    )
    flags.DEFINE_enum(
        "layout",
        None,
        sorted(LAYOUTS),
        "Joint order of INPUT, where the file does not tell.",
        flag_values=values,
    )
    flags.DEFINE_float(
        "fps",
        None,
        "Frames per second, for bvh and video; by default those of a video given, else "
        "30.",
        0.01,
        flag_values=values,
    )
    flags.DEFINE_boolean(
        "strict",
        False,
        "End with an error instead of a warning where the keypoints are changed on "
        "reading or do not look like people.",
        flag_values=values,
    )
    define_motion_flags(values)
    define_selection_flags(values)
    define_picture_flags(values)


def main(argv):
    """Runs the program with the arguments and flags of the process."""
    execute(argv[1], flags.FLAGS)


def execute(source, values):
    """Lifts the people of a source.

    Args:
        source: Path of pictures, a video or keypoints, or `camera:N`.
        values: The flags of `define_flags`, parsed.

    Raises:
        UserError: If the flags, the keypoints, the model or the outputs do not fit.
    """
    names = [name.strip() for names in values.output for name in names.split(",")]
    paths = [pathlib.Path(name).expanduser() for name in names if name]
    if not paths:
        raise UserError("There is nothing to write: pass --output, as in poses.npz.")
    source = pathlib.Path(source).expanduser()
    if len({path.resolve() for path in (source, *paths)}) <= len(paths):
        raise UserError("Two outputs have the same name, or one is the input.")
    image_size = parse_image_size(values.image_size)
    intrinsics = parse_intrinsics(values.intrinsics)
    selection = parse_selection(values, paths)
    pictures = open_pictures(source, values, selection.frames)
    if pictures and (image_size or values.layout):
        raise UserError(
            "Pass --image_size and --layout with keypoints only: pictures have their "
            "size, the detector its layout."
        )
    has_motion = any(path.suffix.lower() in _MOTION for path in paths)
    smooth = parse_smooth(values, has_motion)
    if pictures is None and not source.exists():
        raise UserError(f"There is no file or folder {source}.")
    with contextlib.ExitStack() as stack:
        frames = pictures.frames if pictures else None
        rate = values.fps or (frames and frames.rate) or DEFAULT_FRAME_RATE
        options = {
            "frame_rate": rate,
            "image_size": image_size,
            "frames": frames,
            "world": values.world,
            "ground": ground_finder(values),
            "bvh_scale": values.bvh_scale,
            "fields": selection.fields,
            "max_frames": selection.max_frames,
            "progress": progress,
        }
        makers = [functools.partial(_open, path, options) for path in paths]
        writers = stack.enter_context(PoseWriters(makers))
        lifter = make_lifter(values, smooth, rate)
        if pictures:
            read = WithProgress(pictures.frames, "lifting")
            people = detect(read, pictures.detector)
            stack.enter_context(pictures.until_interrupted())
        else:
            people = _counted(source, values.layout, image_size, selection.frames)
        try:
            with _keypoint_warnings(values.strict):
                stream = lifter.stream(
                    *(people, values.layout, image_size, intrinsics),
                    parse_track(values.track),
                )
                summary = lift(stream, writers)
                stack.close()  # Now, so that errors of writing are caught, too.
        except KeypointWarning as warning:
            raise UserError(f"{warning} (--nostrict goes on.)") from warning
        except (OSError, ValueError) as error:
            raise UserError(str(error)) from error
    print(f"Wrote {', '.join(map(str, writers.paths))}: {summary}")
    if smooth:
        print("Poses were smoothed along time; --smooth=no leaves them as they are.")
    for note in dict.fromkeys(writers.notes):
        print(note)
    for note in writers.omissions:
        print(note, file=sys.stderr)


@contextlib.contextmanager
def _keypoint_warnings(strict):
    """Makes warnings of keypoints errors, or one line each of standard error."""
    shown = set()

    def show(message, category, *others, **more):
        if issubclass(category, KeypointWarning):
            # Of the floor, each writer says the same.
            if str(message) not in shown:
                print(f"Warning: {message}", file=sys.stderr)
            shown.add(str(message))
        else:
            default(message, category, *others, **more)

    with warnings.catch_warnings():
        warnings.simplefilter("error" if strict else "always", KeypointWarning)
        default, warnings.showwarning = warnings.showwarning, show
        yield


def _counted(source, layout, image_size, chosen):
    """The people of a file or folder of keypoints; says how far it is."""
    people = read_keypoints(source, layout, image_size)
    if chosen is not None:
        people = chosen.people(people)
    length = chosen and chosen.stop and chosen.stop - chosen.start
    meter, frame = Meter("lifting", length), None
    try:
        for person in people:
            yield person
            if person.frame != frame:
                frame = person.frame
                meter.step()
    finally:
        meter.close()


def _open(path, options):
    """The writer of an output."""
    try:
        return open_writer(path, **options)
    except (OSError, ValueError, ImportError) as error:
        raise UserError(f"Cannot write --output={path}: {error}") from error


def lift(stream, writer):
    """Lifts everything of a stream into a writer.

    Args:
        stream: Batches of poses.
        writer: A writer.

    Returns:
        What was done, in words.
    """
    counts = collections.Counter()
    people, num_hypotheses = set(), 0
    for poses in stream:
        writer.write(poses)
        people.update(poses.person.tolist())
        counts["poses"] += len(poses)
        counts["missing"] += int(poses.missing.sum())
        counts["no_hip"] += int(poses.missing[:, H36M_17.root].sum())
        counts["exchanged"] += int(poses.sides_exchanged.sum())
        counts["skipped"] += poses.num_skipped
        num_hypotheses = poses.hypotheses.shape[1]
    noun = "person" if len(people) == 1 else "people"
    summary = (
        f"{counts['poses']:,} poses of {len(people):,} {noun} with {num_hypotheses} "
        f"hypotheses each; {counts['missing']:,} joints filled in, "
        f"{counts['skipped']:,} left out for fewer than {MIN_JOINTS} joints."
    )
    if counts["exchanged"]:
        summary += (
            f"\nLeft and right were put back in {counts['exchanged']:,} poses in which "
            "the detector had exchanged them."
        )
    if counts["no_hip"]:
        summary += (
            f"\nIn {counts['no_hip']:,} poses the hips were not seen: what is known of "
            "the other joints is their place relative to the thorax "
            "(`spread_about_thorax`)."
        )
    return summary


def run():
    """The program: defines its flags, then runs `main`."""
    define_flags()
    run_main(main, positionals=("INPUT",))


if __name__ == "__main__":
    run()

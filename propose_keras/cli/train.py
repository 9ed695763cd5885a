"""Trains ProPose on a built data set: `python train.py --flagfile=FILE`.

`--model=deterministic` trains the reference without a distribution on the same data.
"""

import json
import math
import pathlib

import keras
import numpy as np
from absl import flags

from propose_keras import files
from propose_keras.cli import training_flags
from propose_keras.cli.callbacks import Checkpoints, HistoryFile, TensorBoardLog
from propose_keras.cli.errors import UserError, run_main
from propose_keras.data.arrays import PoseArrays, split_validation
from propose_keras.data.pipeline import batches
from propose_keras.data.reading import load_arrays
from propose_keras.skeletons import H36M_17
from propose_keras.training import checkpoints
from propose_keras.training.settings import rename_old

# Poses that the normalisation is fitted to: more change nothing that matters.
_NUM_ADAPT = 50_000
# It is 0.92 for Human3.6M's training people, who also sit and lie.
_LEAST_MEAN_HEIGHT = 0.5


def main(argv):
    """Runs the program with the flags of the process."""
    del argv
    execute(flags.FLAGS)


def execute(values):
    """Trains, or goes on with, the run in --workdir.

    Args:
        values: The flags of `training_flags.define_flags`, parsed.

    Raises:
        UserError: If flags, data or the folder do not fit.
    """
    workdir = pathlib.Path(values.workdir).expanduser()
    try:
        configuration = training_flags.configuration(values)
        run, data = configuration.run, configuration.data
        keras.utils.set_random_seed(run.seed)
        model = configuration.make_model()
        train, validation = read_data(data, values.data_dir)
        sample = sample_rows(train, run.seed)
        augmentations = data.augmentations(root_centred(sample.pose_3d).mean(axis=0))
        # Other augmentations hardly change the statistics.
        adapt(model.normalization, sample, augmentations * data.other_cameras)
    except ValueError as error:
        raise UserError(str(error)) from error
    unused = training_flags.unused_flags(values)
    if unused:
        names = ", ".join(f"--{name}" for name in unused)
        print(f"Without effect on --model={run.model}: {names}.")
    claim_workdir(workdir, values)
    if (workdir / "model.keras").exists():
        print(f"{workdir} holds a finished run: nothing to do.")
        return
    state = checkpoints.restore_checkpoint(model, workdir / "checkpoints")
    step = state["step"] if state else 0
    if state:
        print(f"Going on from step {step} of {run.num_steps}.")
    print(
        f"{len(train):,} training poses, {len(validation):,} for validation; "
        f"{model.count_params():,} weights."
    )
    interval = run.checkpoint_interval
    with TensorBoardLog(
        workdir / "logs",
        validation,
        interval,
        data.batch_size,
        best=state.get("best", math.inf) if state else math.inf,
        best_path=workdir / "best.keras",
    ) as log:
        model.fit(
            batches(
                train,
                data.batch_size,
                run.seed,
                start_step=step,
                augmentations=augmentations,
            ),
            initial_epoch=step // interval,
            epochs=run.num_steps // interval,
            steps_per_epoch=interval,
            callbacks=[
                log,  # First: it adds the validation to what the others see.
                HistoryFile(workdir / "history.csv", interval, step),
                Checkpoints(workdir / "checkpoints", log),
            ],
            shuffle=False,
            verbose=values.verbose,
        )
    checkpoints.save_model(model, workdir / "model.keras")
    print(f"Wrote {workdir / 'model.keras'}.")


def read_data(settings, data_dir):
    """Training and validation rows.

    Args:
        settings: `DataSettings`.
        data_dir: Folder of the built data sets.
    """
    train = PoseArrays.concatenate(
        [load_arrays(name, data_dir, "train") for name in settings.dataset_names]
    )
    validation = train.subset([])
    if settings.validation_subject:
        train, validation = split_validation(train, settings.validation_subject)
    train = train.select(frame_stride=settings.train_frame_stride)
    if settings.moves_people:
        check_cameras(train, settings.dataset)
    finite = np.isfinite(train.pose_3d).all(axis=(1, 2))
    finite &= np.isfinite(train.keypoints_2d).all(axis=(1, 2))
    if not finite.all():
        print(f"Left out {np.sum(~finite):,} training poses that hold NaN.")
        train = train.subset(np.flatnonzero(finite))
    return train, validation


def check_cameras(arrays, dataset):
    """Refuses to move people before cameras that are not known, or on no floor.

    Raises:
        UserError: If a clip's calibration is not finite, or people do not stand along
            the world's z axis.
    """
    moves = "--other_bodies, --turn, --shift and --other_cameras"
    unknown = [
        clip
        for clip in arrays.clips
        if not all(
            np.isfinite(value).all()
            for value in (clip.intrinsics, clip.distortion, clip.rotation)
        )
    ]
    if unknown:
        raise UserError(
            f"{moves} project people anew, but {len(unknown)} of {len(arrays.clips)} "
            f"clips of {dataset} have no camera calibration, the first "
            f"{unknown[0].subject} {unknown[0].action}. Leave them out."
        )
    # Training data holds people who sit and lie, but not most of the time.
    if mean_height(arrays) < _LEAST_MEAN_HEIGHT:
        raise UserError(
            f"{moves} take the world's z axis to point up, but the people of {dataset} "
            "do not stand along it. Leave them out."
        )


def mean_height(arrays):
    """Mean of the z coordinate of the unit vector from hip to thorax, in the world."""
    hip, thorax = (arrays.pose_3d[:, H36M_17.index(j)] for j in ("Hip", "Thorax"))
    up = np.stack([clip.rotation[:, 2] for clip in arrays.clips])[arrays.clip_index]
    torso = thorax - hip
    along = np.sum(torso * up, axis=-1) / np.linalg.norm(torso, axis=-1)
    return np.nanmean(along)


def sample_rows(train, seed):
    """Rows to fit statistics to."""
    count = min(len(train), _NUM_ADAPT)
    rows = np.random.default_rng(seed).choice(len(train), count, replace=False)
    return train.subset(np.sort(rows))


def adapt(normalization, sample, augmentations=()):
    """Fits the normalisation to rows of the training set as augmentations show them."""
    shown = batches(sample, len(sample), seed=0, augmentations=augmentations)
    inputs, pose_3d = next(shown)
    normalization.adapt(inputs["keypoints"], inputs["image_size"], pose_3d)


def root_centred(pose_3d):
    """Poses `(N, 17, 3)` relative to the hip."""
    return pose_3d - pose_3d[:, H36M_17.root, None]


def claim_workdir(workdir, values):
    """Makes a folder this run's, or checks that it already is.

    Raises:
        UserError: If the folder holds a run of other settings.
    """
    path = workdir / "configuration.json"
    configuration = training_flags.configuration(values)
    mine = configuration.to_dict()
    if path.exists():
        theirs = rename_old(json.loads(path.read_text()))
        unknown = sorted(set(theirs) - training_flags.known_names())
        if unknown:
            raise UserError(
                f"{workdir} holds a run with settings that this version does not have: "
                f"{', '.join(unknown)}. Finish it with the version that started it, or "
                "choose another --workdir."
            )
        # A run from before a setting existed had what is now its default.
        defaults = configuration.defaults()
        differing = [
            f"--{name}: {there!r} there, {value!r} now"
            for name, value in mine.items()
            if (there := theirs.get(name, defaults[name])) != value
        ]
        if differing:
            raise UserError(
                f"{workdir} holds a run with other settings ({'; '.join(differing)}). "
                f"Repeat its flags (--flagfile={workdir / 'train.flags'}) to go on "
                "with it, or choose another --workdir."
            )
        return
    if workdir.exists() and not workdir.is_dir():
        raise UserError(f"--workdir={workdir} is a file; a folder is expected.")
    for name in ("model.keras", "checkpoints"):
        if (workdir / name).exists():
            raise UserError(
                f"{workdir} holds {name}, but no configuration.json that says what "
                "run it is of. Choose another --workdir."
            )
    try:
        workdir.mkdir(parents=True, exist_ok=True)
        (workdir / "train.flags").write_text(training_flags.flagfile_text(values))
        # Written last: a folder that has it is claimed.
        files.write_text(path, json.dumps(mine, indent=2) + "\n")
    except OSError as error:
        raise UserError(f"Cannot write to --workdir={workdir}: {error}.") from error


def run():
    """The program: defines its flags, then runs `main`."""
    training_flags.define_flags()
    run_main(main)


if __name__ == "__main__":
    run()

"""Writes small files in the forms in which MPI-INF-3DHP is distributed."""

import os

import h5py
import numpy as np
from mpi_inf_3dhp import facts
from scipy import io

from propose_keras.skeletons import MPI_INF_3DHP_17


def make_annotations(num_frames=12, seed=0, subject="TS1"):
    """Arrays of a test sequence; every third frame is not valid."""
    rng = np.random.default_rng(seed)
    poses = rng.normal(0, 400, (num_frames, 17, 3))
    index = MPI_INF_3DHP_17.index
    poses[:, index("Pelvis")] = (
        poses[:, index("RHip")] + poses[:, index("LHip")]
    ) / 2 + rng.normal(0, 5, (num_frames, 3))
    pelvis = poses[:, [index("Pelvis")]]
    annot3 = poses + [0, 0, 4000]
    return {
        "annot2": facts.TEST_CAMERAS[subject].project(annot3),
        "annot3": annot3,
        "univ_annot3": (poses - pelvis) * 0.95 + pelvis + [0, 0, 4000],
        "valid_frame": (np.arange(num_frames) % 3 != 1).astype(float),
        "activity_annotation": 1.0 + 3 * (np.arange(num_frames) >= num_frames // 2),
    }


def _matlab_axes(annotations):
    return {
        name: value.T[:, :, None] if value.ndim == 3 else value[None]
        for name, value in annotations.items()
    }


def write_mat73(path, annotations):
    """`annot_data.mat` as MATLAB 7.3 writes it."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, value in _matlab_axes(annotations).items():
            file[name] = value.T
            file[name].attrs["MATLAB_class"] = np.bytes_("double")
        file["#refs#/a"] = np.arange(34.0)[:, None]
        file["bb_crop"] = np.array([[file["#refs#/a"].ref]], h5py.ref_dtype)
    with open(path, "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(512))


def write_older_mat(path, annotations):
    """`annot_data.mat` as older versions write it."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    io.savemat(path, _matlab_axes(annotations), do_compression=True)


def npz_fields(annotations):
    """A test sequence as in P-STMO's `data_test_3dhp.npz`."""
    return {
        "data_2d": annotations["annot2"],
        "data_3d": annotations["univ_annot3"],
        "valid": annotations["valid_frame"],
    }


def write_npz(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    np.savez_compressed(path, data=np.array(data, object))


def make_training(num_frames=8, num_cameras=14, seed=0):
    """Cells of a training `annot.mat`: camera -> (frames, 28 * 2 or 3)."""
    rng = np.random.default_rng(seed)
    poses = rng.normal(0, 300, (num_cameras, num_frames, 28, 3)) + [0, 0, 4000]
    names = facts.JOINT_NAMES_28
    hips = [names.index("left_hip"), names.index("right_hip")]
    poses[:, :, names.index("pelvis")] = poses[:, :, hips].mean(axis=2)
    return {
        "annot2": poses[..., :2].reshape(num_cameras, num_frames, -1) / 4 + 1000,
        "annot3": poses.reshape(num_cameras, num_frames, -1),
        "univ_annot3": poses.reshape(num_cameras, num_frames, -1) * 0.9,
    }


def write_training(folder, cells):
    os.makedirs(folder, exist_ok=True)
    num_cameras, num_frames = cells["annot2"].shape[:2]
    variables = {}
    for name, value in cells.items():
        variables[name] = np.empty((num_cameras, 1), object)
        variables[name][:, 0] = list(value)
    io.savemat(
        os.path.join(folder, "annot.mat"),
        {
            **variables,
            "cameras": np.arange(num_cameras)[None],
            "frames": np.arange(num_frames)[:, None],
        },
    )
    with open(os.path.join(folder, "camera.calibration"), "w") as file:
        file.write("Skeletool Camera Calibration File V1.0\n")
        for camera in range(num_cameras):
            file.write(calibration_block(camera))


def calibration_block(camera, angle=0.3, position=(100.0, 1500.0, -4000.0)):
    rotation = rotation_about_y(angle)
    extrinsic = np.eye(4)
    extrinsic[:3, :3] = rotation
    extrinsic[:3, 3] = -rotation @ position
    numbers = " ".join(f"{n:.9g}" for n in extrinsic.ravel())
    return (
        f"name          {camera}\n"
        "  sensor      10 10\n"
        "  size        2048 2048\n"
        "  animated    0\n"
        "  intrinsic   1497.693 0 1024.704 0 0 1497.103 1051.394 0 "
        "0 0 1 0 0 0 0 1 \n"
        f"  extrinsic   {numbers} \n"
        "  radial      0\n"
    )


def rotation_about_y(angle):
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])

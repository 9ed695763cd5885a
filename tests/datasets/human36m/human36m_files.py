"""Writes small Human3.6M folders in each of the forms that users have."""

import io
import pathlib
import tarfile
import tempfile

import cdflib.cdfwrite
import h5py
import numpy as np
from human36m import calibration

from propose_keras.human36m_names import CAMERAS, Sequence
from propose_keras.skeletons import H36M_17_FROM_32

# A standing person, x right, y forward, z up, mm, in the order of H36M_17.
STANDING = np.array(
    [
        *[(0, 0, 930), (130, 0, 930), (130, 0, 480), (130, 0, 30)],
        *[(-130, 0, 930), (-130, 0, 480), (-130, 0, 30)],
        *[(0, 0, 1180), (0, 0, 1430), (0, 90, 1500), (0, 0, 1620)],
        *[(-150, 0, 1400), (-180, 0, 1120), (-190, 60, 880)],
        *[(150, 0, 1400), (180, 0, 1120), (190, 60, 880)],
    ],
    np.float64,
)

# One regular name, one of the archives' own spelling, one whose number is not 1.
SEQUENCES = {
    Sequence("S1", "Directions", "1"): 7,
    Sequence("S1", "WalkDog", "2"): 5,
    Sequence("S8", "WalkTogether", "2"): 6,
    Sequence("S9", "SittingDown", "1"): 4,
    Sequence("S11", "Directions", "2"): 5,
    Sequence("S11", "Phoning", "1"): 3,
}


def make_world(sequences=SEQUENCES, num_joints=32):
    """Positions (N, 32, 3) in mm of each sequence: someone who drifts and sways."""
    world = {}
    for index, (sequence, num_frames) in enumerate(sequences.items()):
        rng = np.random.default_rng(index)
        pose = np.zeros((num_frames, num_joints, 3))
        pose[:, H36M_17_FROM_32] = STANDING + rng.normal(
            scale=8, size=(num_frames, 17, 3)
        )
        pose += np.linspace(0, 200, num_frames)[:, None, None] * [1, -1, 0]
        world[sequence] = pose
    return world


def make_detections(world, num_joints=16, extra_frames=0):
    """Pixels (N, K, 2) of each sequence and camera."""
    rng = np.random.default_rng(7)
    return {
        (sequence, camera): rng.uniform(
            200, 800, (len(pose) + extra_frames, num_joints, 2)
        )
        for sequence, pose in world.items()
        for camera in CAMERAS
    }


def write_cameras_h5(path):
    with h5py.File(path, "w") as file:
        for (subject, name), camera in calibration.published_cameras().items():
            number = CAMERAS.index(name) + 1
            group = file.create_group(f"subject{subject[1:]}/camera{number}")
            group["R"] = camera.rotation.T
            group["T"] = camera.translation[:, None]
            group["f"], group["c"] = np.split(camera.intrinsics[:, None], 2)
            group["k"], group["p"] = np.split(camera.distortion[:, None], [3])
            group["Name"] = np.array([[float(ord(letter))] for letter in name])


def write_metadata(path):
    """Writes metadata.xml, whose rotations are angles."""
    cameras = calibration.published_cameras()
    numbers = []
    for name in CAMERAS:
        for subject in range(1, 12):
            camera = cameras.get((f"S{subject}", name))
            if camera is None:
                numbers += [0.0] * 6
                continue
            r = camera.rotation
            about_y = np.arcsin(r[0, 2])
            about_x = np.arctan2(-r[1, 2], r[2, 2])
            about_z = np.arctan2(-r[0, 1], r[0, 0])
            numbers += [about_x, about_y, about_z, *camera.translation]
    for name in CAMERAS:
        camera = cameras["S1", name]
        numbers += [*camera.intrinsics, *camera.distortion]
    text = " ".join(repr(float(number)) for number in numbers)
    path.write_text(f"<?xml version='1.0'?>\n<a><w0>[{text}]</w0></a>\n")


def write_h5_tree(folder, world, detections=None, name="StackedHourglass"):
    for sequence, pose in world.items():
        path = folder / sequence.subject / "MyPoses/3D_positions"
        path.mkdir(parents=True, exist_ok=True)
        with h5py.File(path / f"{sequence.file_name}.h5", "w") as file:
            file["3D_positions"] = pose.reshape(len(pose), -1).T
    for (sequence, camera), poses in (detections or {}).items():
        path = folder / sequence.subject / name
        path.mkdir(parents=True, exist_ok=True)
        stem = sequence.file_name.replace(" ", "_")
        with h5py.File(path / f"{stem}.{camera}.h5", "w") as file:
            file["poses"] = poses
    write_cameras_h5(folder / "cameras.h5")


def write_positions_npz(path, world):
    tree = {}
    for sequence, pose in world.items():
        actions = tree.setdefault(sequence.subject, {})
        actions[sequence.file_name] = (pose / 1000).astype(np.float32)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, positions_3d=np.array(tree, object))


def write_detections_npz(path, detections, layout="mpii"):
    tree = {}
    for (sequence, camera), poses in detections.items():
        actions = tree.setdefault(sequence.subject, {})
        views = actions.setdefault(sequence.file_name, [None] * len(CAMERAS))
        views[CAMERAS.index(camera)] = poses.astype(np.float32)
    metadata = {"layout_name": layout, "num_joints": poses.shape[1]}
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        path,
        positions_2d=np.array(tree, object),
        metadata=np.array(metadata, object),
    )


def cdf_bytes(values, variable="Pose"):
    """A CDF file with one variable (1, N, K) of floats."""
    values = np.asarray(values, np.float32)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "pose.cdf"
        file = cdflib.cdfwrite.CDF(path, cdf_spec={"Compressed": 0})
        spec = {
            "Variable": variable,
            "Data_Type": file.CDF_FLOAT,
            "Num_Elements": 1,
            "Rec_Vary": True,
            "Var_Type": "zVariable",
            "Dim_Sizes": list(values.shape[1:]),
            "Compress": 0,
        }
        file.write_var(spec, var_data=values)
        file.close()
        return path.read_bytes()


def archive_name(sequence):
    """The archives' spelling: S1 has WalkingDog and TakingPhoto."""
    if sequence.subject != "S1":
        return sequence.file_name
    name = sequence.file_name.replace("WalkDog", "WalkingDog")
    return name.replace("Photo", "TakingPhoto")


def write_archive(path, members):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as tar:
        for name, contents in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(contents)
            tar.addfile(member, io.BytesIO(contents))


def write_archives(folder, world, mono=False):
    cameras = calibration.published_cameras()
    suffix = "_mono" if mono else ""
    members = {}
    for sequence, pose in world.items():
        files = members.setdefault(sequence.subject, {"README": b"not a pose"})
        prefix = f"{sequence.subject}/MyPoseFeatures/D3_Positions{suffix}/"
        views = {"": pose}
        if mono:
            views = {
                f".{c}": cameras[sequence.subject, c].from_world(pose) for c in CAMERAS
            }
        for view, positions in views.items():
            name = f"{prefix}{archive_name(sequence)}{view}.cdf"
            files[name] = cdf_bytes(positions.reshape(1, len(pose), -1))
    for subject, files in members.items():
        write_archive(folder / f"Poses_D3_Positions{suffix}_{subject}.tgz", files)
    write_metadata(folder / "metadata.xml")

"""Which poses a data set has: angles of trunk, knees and elbows, heights of the hip.

    python benchmarks/pose_coverage.py --data_dir=DIR --dataset=synthetic_human/rare

Prints, over all poses of both splits, each seen by one camera, the shares of poses by
the trunk's angle with the vertical (0 upright, 180 upside down), by the height of the
hip above the floor, by whether the chest faces up or down, and by the bend of knees and
elbows (0 straight).
"""

import argparse

import numpy as np

from propose_keras.data import PoseArrays, load_arrays
from propose_keras.skeletons import H36M_17


def in_world(arrays: PoseArrays) -> np.ndarray:
    """Poses in the world, `(poses, 17, 3)` mm, z up."""
    world = np.empty(arrays.pose_3d.shape)
    for index, clip in enumerate(arrays.clips):
        rows = arrays.clip_index == index
        world[rows] = arrays.pose_3d[rows] @ clip.rotation + clip.translation
    return world


def _bone(poses, start, end):
    return poses[:, H36M_17.index(end)] - poses[:, H36M_17.index(start)]


def _angle(first, second):
    cosine = np.sum(first * second, axis=-1)
    cosine /= np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def _print(name, values, edges):
    counts, _ = np.histogram(values, bins=edges)
    shares = [
        f"{low:g} to {high:g}: {100 * count / len(values):.1f}%"
        for low, high, count in zip(edges[:-1], edges[1:], counts)
    ]
    print(f"{name}: " + ", ".join(shares))


def main(arguments: list[str] | None = None) -> None:
    """Prints the shares; `arguments` are those of the command line by default."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data_dir", required=True)
    parser.add_argument("--dataset", default="synthetic_human/rare")
    arguments = parser.parse_args(arguments)
    poses, people, clips = [], set(), 0
    for split in ("train", "test"):
        arrays = load_arrays(arguments.dataset, arguments.data_dir, split)
        # The other cameras see the same poses.
        first = {c.camera for c in arrays.clips[:1]}
        arrays = arrays.select(cameras=sorted(first))
        poses.append(in_world(arrays))
        people |= {clip.subject for clip in arrays.clips}
        clips += len(arrays.clips)
        print(f"{split}: {len(arrays)} poses")
    poses = np.concatenate(poses)
    print(f"{len(poses)} poses, {clips} clips, {len(people)} people")
    up = np.array([0.0, 0.0, 1.0])
    trunk = _bone(poses, "Hip", "Thorax")
    _print("trunk, degrees", _angle(trunk, up), np.arange(0, 181, 20))
    chest = np.cross(_bone(poses, "RShoulder", "LShoulder"), trunk)
    facing = _angle(chest, up)
    _print("chest, degrees from up", facing, np.array([0, 45, 90, 135, 180]))
    height = poses[:, 0, 2]
    _print("hip, mm", height, np.array([0, 150, 300, 450, 600, 750, 900, 1100, 2000]))
    for joint, start, end in (("Knee", "Hip", "Foot"), ("Elbow", "Shoulder", "Wrist")):
        bends = [
            _angle(_bone(poses, s + start, s + joint), _bone(poses, s + joint, s + end))
            for s in "LR"
        ]
        edges = np.array([0, 20, 60, 100, 130, 160])
        _print(joint.lower() + ", degrees", np.concatenate(bends), edges)


if __name__ == "__main__":
    main()

"""How well UI-PRMD's joints, found from markers on the skin, hold together.

    PYTHONPATH=datasets python benchmarks/marker_joints.py --manual_dir=DIR --figure=DIR

Prints, for each person, bones before they are given one length: mean length on the left
and the right, as a share of stature beside that of Drillis and Contini (1966), and the
coefficient of variation over all frames. Then how far giving bones their lengths moves
joints, how far the markers of the pelvis' front are apart, and where the hips lie
between them. `--figure` takes a folder for pictures of five exercises from three sides,
joints over markers, one file for each person.
"""

import argparse
import itertools
import pathlib

import numpy as np
from ui_prmd import Markers, find_recordings, fit_person

from propose_keras.skeletons import H36M_17

BONES = (
    ("thigh", "Hip", "Knee", 0.245),
    ("shank", "Knee", "Foot", 0.246),
    ("upper arm", "Shoulder", "Elbow", 0.186),
    ("forearm", "Elbow", "Wrist", 0.146),
)
SHOWN = (
    *("deep_squat", "hurdle_step", "inline_lunge", "sit_to_stand"),
    "standing_shoulder_abduction",
)
CHAINS = (
    *(("LASI", "RASI", "RPSI", "LPSI", "LASI"), ("C7", "CLAV", "STRN"), ("C7", "T10")),
    ("LFHD", "RFHD", "RBHD", "LBHD", "LFHD"),
    *(
        tuple(side + name for name in chain)
        for side in "LR"
        for chain in (
            ("ASI", "THI", "KNE", "TIB", "ANK", "TOE", "HEE", "ANK"),
            ("SHO", "UPA", "ELB", "FRM", "WRA", "WRB"),
        )
    ),
)


def people(manual_dir, frame_rate):
    """Each person's name, and their recordings' runs of whole frames by recording."""
    found = sorted(find_recordings(manual_dir), key=lambda r: (r.subject, r.name))
    for subject, group in itertools.groupby(found, key=lambda r: r.subject):
        tracks = {
            r: Markers(r.read().positions[:: round(r.frame_rate / frame_rate)])
            for r in group
        }
        yield subject, tracks


def measure(person, markers):
    """One person's row of the table, as text by column."""
    loose = person.poses(markers, rigid=False)
    row = {"stature": f"{person.stature:.0f}"}
    for name, start, end, _ in BONES:
        lengths = [
            np.linalg.norm(
                loose[:, H36M_17.index(side + start)]
                - loose[:, H36M_17.index(side + end)],
                axis=-1,
            )
            for side in "LR"
        ]
        share = np.mean(lengths) / person.stature
        means = " / ".join(f"{length.mean():.0f}" for length in lengths)
        spread = " / ".join(f"{100 * x.std() / x.mean():.1f}" for x in lengths)
        row[name] = f"{means} ({share:.3f}; {spread} %)"
    moved = np.linalg.norm(person.poses(markers) - loose, axis=-1)
    limbs = [i for i, n in enumerate(H36M_17.joint_names) if n[0] in "LR"]
    moved = moved[:, limbs]
    row["moved"] = f"{np.median(moved):.1f}, {np.percentile(moved, 99):.0f}"
    front = np.linalg.norm(markers["LASI"] - markers["RASI"], axis=-1)
    row["pelvis"] = f"{np.median(front):.0f}"
    hips = [H36M_17.index(name) for name in ("LHip", "RHip")]
    apart = np.linalg.norm(loose[:, hips[0]] - loose[:, hips[1]], axis=-1)
    row["hips"] = f"{np.median(apart):.0f}"
    return row


def draw(path, subject, tracks, person):
    """Joints over markers: the furthest frame of one repetition of five exercises."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    chosen = [
        next(r for r in tracks if r.action == action and r.take >= "05")
        for action in SHOWN
        if any(r.action == action and r.take >= "05" for r in tracks)
    ]
    figure, axes = plt.subplots(3, len(chosen), figsize=(20, 12), squeeze=False)
    for column, recording in enumerate(chosen):
        markers = tracks[recording].longest_run()
        poses = person.poses(markers)
        relative = poses - poses[:, :1]
        frame = np.linalg.norm(relative - relative[0], axis=-1).sum(axis=-1).argmax()
        across = np.subtract(
            *(poses[frame, H36M_17.index(name)] for name in ("RHip", "LHip"))
        )
        heading = np.arctan2(across[1], across[0])
        for turn, axis in zip((0, 45, 90), axes[:, column]):
            angle = heading + np.deg2rad(turn)
            side = np.array([np.cos(angle), np.sin(angle), 0])
            for chain in CHAINS:
                points = np.array([markers[name][frame] for name in chain])
                axis.plot(points @ side, points[:, 2], ".-", color="0.7", lw=1)
            for bone in H36M_17.bones:
                name = H36M_17.joint_names[bone[1]]
                colour = {"R": "C3", "L": "C0"}.get(name[0], "k")
                points = poses[frame, list(bone)]
                axis.plot(points @ side, points[:, 2], "o-", color=colour, ms=4)
            axis.set_aspect("equal")
            axis.set_title(f"{subject} {recording.action}, {turn}°", fontsize=9)
    figure.tight_layout()
    figure.savefig(path, dpi=60)
    plt.close(figure)


def main(arguments=None):
    """Measures, prints and draws."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--manual_dir", required=True, type=pathlib.Path)
    parser.add_argument("--frame_rate", type=float, default=25.0)
    parser.add_argument("--figure", type=pathlib.Path)
    arguments = parser.parse_args(arguments)
    header = ["", "stature", *(f"{name} ({share})" for name, *_, share in BONES)]
    header += ["moved: median, 99 %", "LASI to RASI", "hip to hip"]
    print("| " + " | ".join(header) + " |\n" + "|---" * len(header) + "|")
    for subject, tracks in people(arguments.manual_dir, arguments.frame_rate):
        person = fit_person(list(tracks.values()))
        runs = [track.longest_run().positions for track in tracks.values()]
        row = measure(person, Markers(np.concatenate(runs)))
        print("| " + " | ".join([subject, *row.values()]) + " |", flush=True)
        if arguments.figure:
            arguments.figure.mkdir(parents=True, exist_ok=True)
            draw(arguments.figure / f"{subject}.png", subject, tracks, person)


if __name__ == "__main__":
    main()

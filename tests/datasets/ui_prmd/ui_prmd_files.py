"""A person of known joints who wears UI-PRMD's markers, and files of their motion."""

import gzip
import os

import numpy as np

MARKERS = [
    *("LFHD", "RFHD", "LBHD", "RBHD", "C7", "T10", "CLAV", "STRN", "RBAK"),
    *("LSHO", "LUPA", "LELB", "LFRM", "LWRA", "LWRB", "LFIN"),
    *("RSHO", "RUPA", "RELB", "RFRM", "RWRA", "RWRB", "RFIN"),
    *("LASI", "RASI", "LPSI", "RPSI"),
    *("LTHI", "LKNE", "LTIB", "LANK", "LHEE", "LTOE"),
    *("RTHI", "RKNE", "RTIB", "RANK", "RHEE", "RTOE"),
]
STATURE = 1700.0
THIGH, SHANK, UPPER_ARM, FOREARM = 410.0, 400.0, 290.0, 245.0
# Middle of the joint to the middle of the marker beside it.
KNEE_OFFSET, ANKLE_OFFSET, ELBOW_OFFSET = 54.5, 42.7, 39.4
# Forward, up and right, as columns: x, z and -y of the world.
UPRIGHT = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])


def _turn(frames, axis, degrees):
    """Turns frames about their own axis 0 (forward), 1 (up) or 2 (right)."""
    angles = np.deg2rad(degrees)
    cos, sin = np.cos(angles), np.sin(angles)
    first, second = [(1, 2), (2, 0), (0, 1)][axis]
    matrix = np.zeros((len(angles), 3, 3))
    matrix[:, axis, axis] = 1
    matrix[:, first, first] = matrix[:, second, second] = cos
    matrix[:, second, first], matrix[:, first, second] = sin, -sin
    return frames @ matrix


def _at(origin, frames, *local):
    return origin + frames @ np.array(local, float)


def perform(num_frames=240, seed=0, stature=STATURE):
    """A motion: markers `(frames, 39, 3)` mm and a dict of the joints' true places."""
    rng = np.random.default_rng(seed)
    scale = stature / STATURE
    phase = np.linspace(0, 2 * np.pi, num_frames)
    wave = (1 - np.cos(phase[:, None] * [1, 2, 1, 2] + rng.uniform(0, 1, 4))) / 2
    pelvis = _turn(np.tile(UPRIGHT, (num_frames, 1, 1)), 1, 20 * np.sin(phase))
    middle = np.zeros((num_frames, 3)) + [0, 0, 960 * scale]
    m, joints = {}, {}
    for name, right in (("L", -1.0), ("R", 1.0)):
        m[f"{name}ASI"] = _at(middle, pelvis, 0, 0, right * 125 * scale)
        m[f"{name}PSI"] = _at(middle, pelvis, -150 * scale, 0, right * 45 * scale)
        _leg(m, joints, name, right, middle, pelvis, wave, scale)
    _trunk(m, joints, middle, pelvis, wave, scale)
    order = np.stack([m[name] for name in MARKERS], axis=1)
    return order, joints


def _leg(m, joints, name, right, middle, pelvis, wave, scale):
    width, depth = 250 * scale, 150 * scale
    hip = _at(
        *(middle, pelvis, -0.24 * depth - 9.9, -0.30 * width - 10.9),
        right * (0.33 * width + 7.3),
    )
    index = 0 if right > 0 else 1
    thigh = _turn(_turn(pelvis, 2, 70 * wave[:, index]), 0, right * 15 * wave[:, 2])
    knee = _at(hip, thigh, 0, -THIGH * scale, 0)
    shank = _turn(thigh, 2, -5 - 85 * wave[:, index])
    ankle = _at(knee, shank, 0, -SHANK * scale, 0)
    knee_offset = (KNEE_OFFSET - 7) * scale + 7
    ankle_offset = (ANKLE_OFFSET - 7) * scale + 7
    joints |= {f"{name}Hip": hip, f"{name}Knee": knee, f"{name}Foot": ankle}
    m |= {
        f"{name}THI": _at(hip, thigh, 0, -200, right * 90),
        f"{name}KNE": _at(knee, thigh, 0, 0, right * knee_offset),
        f"{name}TIB": _at(knee, shank, 5, -200, right * 55),
        f"{name}ANK": _at(ankle, shank, 0, 0, right * ankle_offset),
        f"{name}HEE": _at(ankle, shank, -60, -50, 0),
        f"{name}TOE": _at(ankle, shank, 140, -50, 0),
    }


def _trunk(m, joints, middle, pelvis, wave, scale):
    trunk = _turn(pelvis, 2, -10 * wave[:, 2])
    neck = _at(middle, trunk, -60, 0.864 * STATURE * scale - 960 * scale, 0)
    m |= {
        "C7": neck,
        "T10": _at(neck, trunk, 0, -250, 0),
        "CLAV": _at(neck, trunk, 120, -60, 0),
        "STRN": _at(neck, trunk, 160, -250, 0),
        "RBAK": _at(neck, trunk, 0, -100, 80),
    }
    band = _at(middle, trunk, -20, (0.955 * STATURE - 960) * scale, 0)
    for name, x, z in (("LF", 75, -60), ("RF", 75, 60), ("LB", -75, -60)):
        m[f"{name}HD"] = _at(band, trunk, x, 0, z)
    m["RBHD"] = _at(band, trunk, -75, 0, 60)
    joints["Head"] = band
    joints["Thorax"] = (m["C7"] + m["CLAV"]) / 2
    for name, right in (("L", -1.0), ("R", 1.0)):
        m[f"{name}SHO"] = _at(neck, trunk, 60, -30, right * 170)
        shoulder = _at(neck, trunk, 60, -88, right * 165)
        arm = _turn(_turn(trunk, 0, right * 40 * wave[:, 3]), 2, 60 * wave[:, 2])
        elbow = _at(shoulder, arm, 0, -UPPER_ARM * scale, 0)
        fore = _turn(arm, 2, 20 + 80 * wave[:, 1])
        wrist = _at(elbow, fore, 0, -FOREARM * scale, 0)
        elbow_offset = (ELBOW_OFFSET - 7) * scale + 7
        m |= {
            f"{name}UPA": _at(shoulder, arm, 10, -140, right * 50),
            f"{name}ELB": _at(elbow, arm, 0, 0, right * elbow_offset),
            f"{name}FRM": _at(elbow, fore, 0, -120, right * 40),
            f"{name}WRA": _at(wrist, fore, 30, 0, 0),
            f"{name}WRB": _at(wrist, fore, -30, 0, 0),
            f"{name}FIN": _at(wrist, fore, 0, -80, 0),
        }
        joints |= {f"{name}Elbow": elbow, f"{name}Wrist": wrist}


def path_of(folder, name):
    side = "Incorrect Segmented Movements" if "_inc" in name else "Segmented Movements"
    stem, wrong = name[:11], name[11:]
    return f"{folder}/{side}/Vicon/Positions/{stem}_positions{wrong}.txt"


def write_text(path, positions):
    """The data set's own form; packed if the path ends in .gz."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    lines = [",".join(f"{v:.6f}" for v in row.ravel()) for row in positions]
    opened = gzip.open if path.endswith(".gz") else open
    with opened(path, "wt") as file:
        file.write("\n".join([*lines, ""]))


def write_npz(path, recordings, **changes):
    """The packed form: every fourth frame of recordings by name."""
    tracks = [track[::4] for track in recordings.values()]
    arrays = {
        "positions_quarter_mm": np.round(np.concatenate(tracks) * 4).astype(np.int16),
        "marker_names": np.array(MARKERS),
        "sequence_names": np.array(list(recordings)),
        "sequence_offsets": np.cumsum([0, *map(len, tracks)]),
        **changes,
    }
    os.makedirs(os.path.dirname(path), exist_ok=True)
    np.savez(path, **arrays)

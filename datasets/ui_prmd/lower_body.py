"""Hips, knees and ankles from markers on the skin."""

from __future__ import annotations

import dataclasses

import numpy as np

from . import anatomy
from .geometry import (
    across,
    chord_point,
    fit_circle_centre,
    segment_frame,
    to_local,
    to_world,
    unit,
)
from .markers import Markers

SIDES = {"L": -1.0, "R": 1.0}
_AXIS_ROUNDS = 4


@dataclasses.dataclass(frozen=True)
class LowerBody:
    """Where a person's joints are in the frames of pelvis, thighs and shanks, mm.

    Attributes:
        hips: `L` and `R` to the hip in the pelvis.
        knees: The knee in the thigh, relative to the marker on the knee.
        ankles: The ankle in the shank, relative to the marker on the ankle.
    """

    hips: dict[str, np.ndarray]
    knees: dict[str, np.ndarray]
    ankles: dict[str, np.ndarray]

    def joints(self, markers: Markers) -> dict[str, np.ndarray]:
        """`RHip`, `RKnee`, `RFoot` and the left ones, each `(frames, 3)` mm."""
        found = {}
        origin, frame = pelvis_frame(markers)
        for side in SIDES:
            hip = to_world(self.hips[side], origin, frame)
            knee = to_world(self.knees[side], *_thigh_frame(markers, side, hip))
            ankle = to_world(self.ankles[side], *_shank_frame(markers, side, knee))
            found |= {f"{side}Hip": hip, f"{side}Knee": knee, f"{side}Foot": ankle}
        return found


def fit_lower_body(markers: Markers, stature: float) -> LowerBody:
    """Finds where a person's joints are, from all that they did.

    Hips: Harrington's regression from the pelvis' width and depth. Knees: halfway
    between the chord construction's and the axis that the shank is seen to turn about.
    Ankles: half an ankle's width inward of the marker, by the chord construction, along
    the axis at right angles to shank and foot.

    Args:
        markers: Frames of the person in which all markers are present.
        stature: Their height, mm.

    Returns:
        The joints in the segments.
    """
    origin, frame = pelvis_frame(markers)
    width = np.linalg.norm(markers["LASI"] - markers["RASI"], axis=-1)
    depth = np.linalg.norm(origin - markers.middle("LPSI", "RPSI"), axis=-1)
    hip = np.array(anatomy.hip_in_pelvis(np.median(width), np.median(depth)))
    hips, knees, ankles = {}, {}, {}
    for side, sign in SIDES.items():
        hips[side] = hip * [1, 1, sign]
        hip_track = to_world(hips[side], origin, frame)
        knees[side] = _fit_knee(markers, side, hip_track, stature)
        knee_track = to_world(knees[side], *_thigh_frame(markers, side, hip_track))
        ankles[side] = _fit_ankle(markers, side, sign, knee_track, stature)
    return LowerBody(hips, knees, ankles)


def pelvis_frame(markers: Markers) -> tuple[np.ndarray, np.ndarray]:
    """The pelvis' origin `(frames, 3)` and its axes forward, up, right, in columns."""
    origin = markers.middle("LASI", "RASI")
    right = unit(markers["RASI"] - markers["LASI"])
    forward = unit(across(origin - markers.middle("LPSI", "RPSI"), right))
    return origin, np.stack([forward, np.cross(right, forward), right], axis=-1)


def _thigh_frame(markers: Markers, side: str, hip: np.ndarray):
    knee = markers[f"{side}KNE"]
    return knee, segment_frame(knee, hip, markers[f"{side}THI"])


def _shank_frame(markers: Markers, side: str, knee: np.ndarray):
    ankle = markers[f"{side}ANK"]
    return ankle, segment_frame(ankle, knee, markers[f"{side}TIB"])


def _fit_knee(markers: Markers, side: str, hip: np.ndarray, stature: float):
    """The knee in the thigh: halfway between two estimates.

    The one is the chord construction's, half a knee's width inward of the marker in the
    plane of the thigh's markers. It takes the marker to be at the joint's height; here
    it sits higher. The other lies on the axis that the shank turns about, fitted to the
    tracks of the shank's markers in the thigh. The skin slides as the knee bends, which
    makes that one too low.
    """
    origin, frame = _thigh_frame(markers, side, hip)
    half_width = anatomy.KNEE_WIDTH * stature / 2 + anatomy.MARKER_RADIUS_MM
    chord = chord_point(origin, hip, frame[..., 0], half_width)
    tracks = [to_local(markers[side + name], origin, frame) for name in ("TIB", "ANK")]
    hip_local = np.median(to_local(hip, origin, frame), axis=0)
    axis_point = _fit_hinge(tracks, hip_local, half_width)
    return (np.median(to_local(chord, origin, frame), axis=0) + axis_point) / 2


def _fit_hinge(tracks: list[np.ndarray], hip: np.ndarray, offset: float) -> np.ndarray:
    """A point on the axis that tracks turn about, `offset` inward of the origin.

    The axis is at right angles to the line from hip to knee, as in Plug-in Gait: which
    of these directions, and where, the tracks say.
    """
    spread = np.concatenate([track - np.median(track, axis=0) for track in tracks])
    knee = np.zeros(3)
    for _ in range(_AXIS_ROUNDS):
        plane = _plane_across(hip - knee)
        in_plane = spread @ plane.T
        axis = np.linalg.eigh(in_plane.T @ in_plane)[1][:, 0] @ plane
        axis *= np.sign(axis[0])  # Column 0 of the thigh's frame points inward.
        plane = _plane_across(axis)
        centre = fit_circle_centre([track @ plane.T for track in tracks])
        knee = centre @ plane + offset * axis
    return knee


def _plane_across(normal: np.ndarray) -> np.ndarray:
    """Two unit vectors at right angles to a vector and to each other, `(2, 3)`."""
    return np.linalg.svd(normal[None])[2][1:]


def _fit_ankle(markers, side: str, sign: float, knee: np.ndarray, stature: float):
    origin, frame = _shank_frame(markers, side, knee)
    foot = markers[f"{side}TOE"] - markers[f"{side}HEE"]
    inward = -sign * np.cross(foot, frame[..., 1])
    half_width = anatomy.ANKLE_WIDTH * stature / 2 + anatomy.MARKER_RADIUS_MM
    ankle = chord_point(origin, knee, inward, half_width)
    return np.median(to_local(ankle, origin, frame), axis=0)

"""Trunk, head and arms from markers on the skin."""

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
from .lower_body import SIDES
from .markers import Markers

# Sines of the elbow's flexion between which the axis passes from the one that is fixed
# in the upper arm to the one at right angles to the arm's plane.
_STRAIGHT, _BENT = np.sin(np.deg2rad([20.0, 45.0]))
_PLANE_ROUNDS = 8


@dataclasses.dataclass(frozen=True)
class UpperBody:
    """Where a person's joints are in the frames of trunk, head and arms, mm.

    Attributes:
        spine: The back's joint in the thorax, relative to the marker T10.
        nose: The nose in the head, relative to the head markers' middle.
        shoulder_drop: From the acromion's marker to the shoulder.
        elbow_offset: From the elbow's marker to the elbow, across the arm's plane.
        elbow_axes: `L` and `R` to the inward direction of the elbow's axis in the
            upper arm.
        elbow_shift: From the elbow's marker to the axis, away from the shoulder.
    """

    spine: np.ndarray
    nose: np.ndarray
    shoulder_drop: float
    elbow_offset: float
    elbow_axes: dict[str, np.ndarray]
    elbow_shift: float

    def joints(self, markers: Markers) -> dict[str, np.ndarray]:
        """`Spine`, `Thorax`, `Nose`, `Head` and the arms' joints, `(frames, 3)` mm."""
        thorax = thorax_frame(markers)
        head = head_frame(markers)
        found = {
            "Spine": to_world(self.spine, markers["T10"], thorax),
            "Thorax": markers.middle("C7", "CLAV"),
            "Nose": to_world(self.nose, *head),
            "Head": head[0],
        }
        for side, sign in SIDES.items():
            shoulder = shoulder_of(markers, side, thorax, self.shoulder_drop)
            fixed = _upper_arm_frame(markers, side, shoulder) @ self.elbow_axes[side]
            inward, _ = _inward(markers, side, sign, shoulder, self.elbow_offset, fixed)
            basis = _arm_basis(markers, side, sign, shoulder, inward)
            shift = np.array([self.elbow_shift, 0, self.elbow_offset])
            elbow = markers[f"{side}ELB"] + np.einsum("fij,j->fi", basis, shift)
            found |= {
                f"{side}Shoulder": shoulder,
                f"{side}Elbow": elbow,
                f"{side}Wrist": markers.middle(f"{side}WRA", f"{side}WRB"),
            }
        return found


def fit_upper_body(markers: Markers, stature: float) -> UpperBody:
    """Finds where a person's joints are, from all that they did.

    Args:
        markers: Frames of the person in which all markers are present.
        stature: Their height, mm.

    Returns:
        The joints in the segments.
    """
    thorax = thorax_frame(markers)
    chest = np.median(to_local(markers["STRN"], markers["T10"], thorax), axis=0)
    # The head looks ahead, and up is up, in most frames.
    _, head = head_frame(markers)
    up = unit(np.median(head[:, 2], axis=0))
    ahead = unit(across(np.array([1.0, 0, 0]), up))
    breadth = np.linalg.norm(markers["LSHO"] - markers["RSHO"], axis=-1)
    drop = anatomy.SHOULDER_DROP * np.percentile(breadth, 95)
    elbow_offset = anatomy.ELBOW_WIDTH * stature / 2 + anatomy.MARKER_RADIUS_MM
    axes, shifts = {}, {}
    for side, sign in SIDES.items():
        shoulder = shoulder_of(markers, side, thorax, drop)
        axes[side], shifts[side] = _fit_elbow(
            markers, side, sign, shoulder, elbow_offset
        )
    # Halfway between the marker's height and the axis', as for the knees. Arms bend
    # less and about more axes than legs: what both say is averaged.
    shift = float(np.mean(list(shifts.values()))) / 2
    return UpperBody(
        spine=np.array([anatomy.VERTEBRA_DEPTH * chest[0], 0, 0]),
        nose=stature * (anatomy.NOSE_AHEAD * ahead - anatomy.NOSE_BELOW_BAND * up),
        shoulder_drop=float(drop),
        elbow_offset=elbow_offset,
        elbow_axes=axes,
        elbow_shift=shift,
    )


def thorax_frame(markers: Markers) -> np.ndarray:
    """The thorax' axes forward, up and right in columns, `(frames, 3, 3)`."""
    up = unit(markers["C7"] - markers["T10"])
    forward = unit(across(markers["CLAV"] - markers["C7"], up))
    return np.stack([forward, up, np.cross(forward, up)], axis=-1)


def head_frame(markers: Markers) -> tuple[np.ndarray, np.ndarray]:
    """The head markers' middle, and their axes forward, up and right in columns."""
    front, back = markers.middle("LFHD", "RFHD"), markers.middle("LBHD", "RBHD")
    left, right = markers.middle("LFHD", "LBHD"), markers.middle("RFHD", "RBHD")
    forward = unit(front - back)
    side = unit(across(right - left, forward))
    return (front + back) / 2, np.stack(
        [forward, np.cross(side, forward), side], axis=-1
    )


def shoulder_of(markers, side: str, thorax: np.ndarray, drop: float) -> np.ndarray:
    """The shoulder below the acromion's marker: Plug-in Gait's construction.

    It follows the clavicle: its direction is at right angles to the line from CLAV and
    to the thorax' forward axis.
    """
    marker, clavicle = markers[f"{side}SHO"], markers["CLAV"]
    down = np.cross(thorax[..., 0], marker - clavicle)
    down *= -np.sign((down * thorax[..., 1]).sum(axis=-1, keepdims=True))
    return chord_point(marker, clavicle, down, drop)


def _upper_arm_frame(markers, side: str, shoulder: np.ndarray) -> np.ndarray:
    return segment_frame(markers[f"{side}ELB"], shoulder, markers[f"{side}UPA"])


def _arm_plane(markers, side: str, sign: float, shoulder, elbow: np.ndarray):
    """The inward normal of the plane of an arm, and the sine of its flexion."""
    down = unit(elbow - shoulder)
    fore = unit(markers.middle(f"{side}WRA", f"{side}WRB") - elbow)
    normal = -sign * np.cross(down, fore)
    sine = np.linalg.norm(normal, axis=-1, keepdims=True)
    return normal / np.maximum(sine, 1e-9), sine


def _inward(markers, side: str, sign: float, shoulder, offset: float, fixed=None):
    """The elbow's axis: at right angles to the plane of shoulder, elbow and wrist.

    The elbow itself follows from the axis, so both are found in turn. `fixed` is the
    axis for an arm too straight to have a plane.
    """
    marker = markers[f"{side}ELB"]
    down = unit(marker - shoulder)
    inward, sine = _arm_plane(markers, side, sign, shoulder, marker)
    inward = inward if fixed is None else fixed
    for _ in range(_PLANE_ROUNDS):
        elbow = marker + offset * unit(across(inward, down))
        normal, sine = _arm_plane(markers, side, sign, shoulder, elbow)
        if fixed is not None:
            weight = np.clip((sine - _STRAIGHT) / (_BENT - _STRAIGHT), 0, 1)
            normal = weight * normal + (1 - weight) * fixed
        inward = unit(inward + normal)
    return unit(across(inward, down)), sine


def _fit_elbow(markers, side: str, sign: float, shoulder: np.ndarray, offset: float):
    """The axis' direction in the upper arm, and its place along that."""
    inward, sine = _inward(markers, side, sign, shoulder, offset)
    bent = sine[:, 0] > _BENT
    frame = _upper_arm_frame(markers, side, shoulder)
    axis = np.einsum("fji,fj->fi", frame[bent], inward[bent])
    axis = unit(np.median(axis, axis=0) * [1, 0, 1])
    basis = _arm_basis(markers, side, sign, shoulder, inward)
    wrist = markers.middle(f"{side}WRA", f"{side}WRB") - markers[f"{side}ELB"]
    track = np.einsum("fji,fj->fi", basis, wrist)[bent, :2]
    return axis, fit_circle_centre([track])[0]


def _arm_basis(markers, side: str, sign: float, shoulder, inward: np.ndarray):
    """Axes down the upper arm, to the side it bends to, and inward, in columns."""
    down = unit(markers[f"{side}ELB"] - shoulder)
    return np.stack([down, sign * np.cross(down, inward), inward], axis=-1)

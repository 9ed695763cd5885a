"""What is known of UI-PRMD: its markers, exercises and people."""

FRAME_RATE = 100.0

# Order of the columns: Vicon's Plug-in Gait full-body set.
MARKERS = (
    *("LFHD", "RFHD", "LBHD", "RBHD", "C7", "T10", "CLAV", "STRN", "RBAK"),
    *("LSHO", "LUPA", "LELB", "LFRM", "LWRA", "LWRB", "LFIN"),
    *("RSHO", "RUPA", "RELB", "RFRM", "RWRA", "RWRB", "RFIN"),
    *("LASI", "RASI", "LPSI", "RPSI"),
    *("LTHI", "LKNE", "LTIB", "LANK", "LHEE", "LTOE"),
    *("RTHI", "RKNE", "RTIB", "RANK", "RHEE", "RTOE"),
)

# Markers that the joints of a frame are computed from. The sternum's and the feet's
# are needed in part of a person's frames only.
NEEDED_MARKERS = tuple(
    name
    for name in MARKERS
    if name not in ("STRN", "RBAK") and name[1:] not in ("FRM", "FIN", "HEE", "TOE")
)

EXERCISES = {
    "m01": "deep_squat",
    "m02": "hurdle_step",
    "m03": "inline_lunge",
    "m04": "side_lunge",
    "m05": "sit_to_stand",
    "m06": "standing_straight_leg_raise",
    "m07": "standing_shoulder_abduction",
    "m08": "standing_shoulder_extension",
    "m09": "standing_shoulder_rotation",
    "m10": "standing_shoulder_scaption",
}

VALIDATION_SUBJECTS = ("s04", "s09")

# Left out by default, with the reason.
FLAWED_SUBJECTS = {
    "s05": "the markers of the front of the pelvis are 442 mm apart, where the other "
    "people's are 242 to 283 mm: the hips cannot be derived from them",
    "s10": "the markers of pelvis and knees move against each other: the lengths of "
    "thigh and shank vary by 5 to 8 % (coefficient of variation), the other people's "
    "by 1 to 4 %; the arms are uneven",
}

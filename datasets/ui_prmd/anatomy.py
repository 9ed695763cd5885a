"""Published proportions of the body that the markers do not show."""

# Middle of a marker above the skin: Vicon's usual markers are 14 mm wide.
MARKER_RADIUS_MM = 7.0

# Heights as shares of stature, standing. Cervicale: Gordon et al. 2014 (ANSUR II),
# men and women alike to 0.002. Eyes: Drillis and Contini 1966.
CERVICALE_HEIGHT = 0.864
EYE_HEIGHT = 0.936
# The band of head markers sits on the forehead, 3 cm above the eyes.
HEAD_BAND_HEIGHT = EYE_HEIGHT + 0.019

# Widths of bones as shares of stature: the unisex phantom of Ross and Wilson 1974
# (femur 95.2 mm, humerus 64.8 mm of 1701.8 mm). The ankle's is that between the
# malleoli in ANSUR II.
KNEE_WIDTH = 95.2 / 1701.8
ELBOW_WIDTH = 64.8 / 1701.8
ANKLE_WIDTH = 0.042

# From the marker on the acromion down to the shoulder's centre, as a share of the
# distance between the acromia: Rab, Petuskey and Bagley 2002.
SHOULDER_DROP = 0.17

# How far a vertebra's body lies in front of the skin over its spine, as a share of
# the depth of the chest there.
VERTEBRA_DEPTH = 0.25

# Human3.6M's nose lies halfway up from the neck's base to its head joint, and ahead of
# that line: below and ahead of the middle of the head markers, shares of stature.
NOSE_BELOW_BAND = 0.065
NOSE_AHEAD = 0.02


def hip_in_pelvis(width: float, depth: float) -> tuple[float, float, float]:
    """The right hip's centre in the frame of the pelvis: Harrington et al. 2007.

    Their regression without leg length, from magnetic-resonance images of 32 people.
    The left hip's lateral number has the other sign.

    Args:
        width: Between the two anterior superior iliac spines, mm.
        depth: From the middle between these to the middle between the posterior
            ones, mm.

    Returns:
        Forward, up and right of the middle between the anterior spines, mm.
    """
    return -0.24 * depth - 9.9, -0.30 * width - 10.9, 0.33 * width + 7.3

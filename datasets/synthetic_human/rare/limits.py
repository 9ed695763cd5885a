"""Ranges of motion of the joints, in degrees as published, in radians as used.

Sources, by their means for healthy adults where they give ages:

- A: American Academy of Orthopaedic Surgeons, "Joint Motion: Method of Measuring and
  Recording" (1965).
- B: Boone and Azen, "Normal range of motion of joints in male subjects", Journal of
  Bone and Joint Surgery 61-A (1979).
- S: Soucie et al., "Range of motion measurements: reference values and a database for
  comparison studies", Haemophilia 17 (2011): men, women and children.

Angles are those of `kinematics`. Flexion and abduction are the components of one swing,
so that an arm raised forward and outward at once has less of each than a clinician
would read, and the twist of a thigh that is flexed and abducted at once reads some 30
degrees more outward than a clinician's.
"""

import numpy as np

# Flexion and extension: S 170 raised, A 60 backward. Abduction: A 180, B 184, less what
# the swing's component loses; across the chest A 45. Twist: outward B 104, inward A 70
# to 90. Elbow: S 145 (men) and 150 (women).
ARM_LIMITS = np.radians([[-60, 172], [-50, 172], [-104, 90], [2, 148]])
# Flexion: S 130 (men) to 141 (girls); extension A 30, S 18. Abduction: A 45, B 46, and
# of trained people more; adduction A 30. Twist: outward A 45, B 47 and the 30 above,
# inward B 47, both with what a flexed hip gives more. Knee: S 138 (men) to 153 (girls).
LEG_LIMITS = np.radians([[-30, 138], [-30, 66], [-95, 60], [2, 152]])
# The whole spine below the neck: A 80 forward, 25 to 30 backward, 35 aside, 45 turned.
SPINE_LIMITS = np.radians([[-30, 78], [-35, 35], [-45, 45]])
# The neck: A 45 each way and 60 turned, to which the upper chest adds.
HEAD_LIMITS = np.radians([[-50, 55], [-40, 40], [-70, 70]])

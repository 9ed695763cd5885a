"""Readers of the 2D keypoint files that pose detectors write.

`read_keypoints` yields one `PersonKeypoints` per person and frame, in the file's own
joint order, whatever the format.
"""

from propose_keras.keypoint_files.frame_order import in_frame_order
from propose_keras.keypoint_files.reading import read_keypoints
from propose_keras.keypoint_files.records import (
    KeypointFileError,
    KeypointWarning,
    PersonKeypoints,
    people_of_array,
)

__all__ = [
    "KeypointFileError",
    "KeypointWarning",
    "PersonKeypoints",
    "in_frame_order",
    "people_of_array",
    "read_keypoints",
]

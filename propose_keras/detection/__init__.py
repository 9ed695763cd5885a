"""People in pictures and videos: 2D keypoints by detectors that others made.

`detect` yields one `PersonKeypoints` per person and frame of a picture, a folder of
pictures, a video or a camera.
"""

from propose_keras.detection.detectors import DETECTORS, Detector, make_detector
from propose_keras.detection.errors import DetectionError
from propose_keras.detection.frames import Frame, Frames
from propose_keras.detection.people import detect
from propose_keras.detection.sources import holds_pictures, open_frames

__all__ = [
    "DETECTORS",
    "DetectionError",
    "Detector",
    "Frame",
    "Frames",
    "detect",
    "holds_pictures",
    "make_detector",
    "open_frames",
]

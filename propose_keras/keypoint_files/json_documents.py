"""Finds out which detector's a JSON document is.

- AlphaPose, COCO results (Detectron2 and others): a list of `{image_id, keypoints:
  [x, y, score] * J, ...}`, one object per person, in any order; a track's number in
  AlphaPose's `idx` or in `track_id`. The frame may have another key, such as `frame` or
  `file_name`.
- COCO annotations: `{images, annotations, ...}`; visibility 0, 1, 2 becomes the scores
  0, 0.5, 1, and image sizes are taken.
- MMPose: `{meta_info, instance_info: [{frame_id, instances: [{keypoints: [[x, y], ...],
  keypoint_scores, ...}]}]}`, that list alone, or the list of one image's instances; its
  inferencer's `{predictions: [[instance, ...], ...]}`, or a list of such.
- OpenPose: one file per frame, `{people: [{pose_keypoints_2d: [x, y, score] * J}]}`, in
  old versions `pose_keypoints`; AlphaPose's `--format open` is an object of such, one
  for each image, and `--format cmu` one of `{bodies: [{joints: [x, y, score] * J}]}`.
- PoseFlow (AlphaPose's tracker): an object of images, each a list of `{keypoints,
  scores, idx}` (https://github.com/MVIG-SJTU/AlphaPose/tree/master/trackers/PoseFlow);
  for PoseTrack's evaluation see `posetrack_format`.
- MediaPipe and Ultralytics: see `landmark_formats`; Ultralytics' also under `results`.
- Arrays: nested lists of numbers, as in npy; a list or an object of frames.
- Objects of frames, `{frame: ...}`, each what a file of one frame holds.

How a person's joints are written: see `json_values`.
"""

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any

from propose_keras.keypoint_files.frame_order import (
    COUNTED,
    counted_frames,
    natural_order,
)
from propose_keras.keypoint_files.json_arrays import (
    are_lists,
    are_numbers,
    array_people,
    depth_of,
)
from propose_keras.keypoint_files.json_formats import (
    FRAME_KEYS,
    PEOPLE_KEYS,
    frame_key,
    frame_of,
    keypoint_key,
    people_of_frame,
    read_annotations,
    read_results,
    track_of,
)
from propose_keras.keypoint_files.json_values import is_joint, is_named
from propose_keras.keypoint_files.landmark_formats import (
    is_ultralytics,
    landmarks_of,
    mediapipe_people,
)
from propose_keras.keypoint_files.posetrack_format import read_posetrack
from propose_keras.keypoint_files.records import KeypointFileError, PersonKeypoints

# Of objects that do nothing but hold a list.
_HOLDERS = ("results", "frames", "data", "poses", "annotations")
_RESULT = "hypotheses"
# Keys of what is often taken for keypoints.
_OTHERS = {
    "pose_world_landmarks": "MediaPipe's world landmarks, metres in 3D: pass its "
    "pose_landmarks",
    "joint_positions": "3D positions of a Kinect: pass those in the colour image",
    _RESULT: "what propose-predict writes, 3D poses",
    "betas": "parameters of a body model (SMPL), 3D poses",
    "keypoints_3d": "3D poses",
    "shapes": "annotations of labelme",
    "features": "GeoJSON",
    "bbox": "boxes without keypoints",
    "box": "boxes without keypoints",
}
_EXPECTED = (
    "Expected AlphaPose's or COCO's results (image_id, keypoints), MMPose's "
    "predictions (instance_info, instances, keypoints and keypoint_scores), OpenPose's "
    "(people), MediaPipe's landmarks (x, y, visibility), Ultralytics' (keypoints of x, "
    "y, visible), PoseFlow's or PoseTrack's (annolist), COCO annotations (images, "
    "annotations) or arrays of numbers."
)


def read_list(
    name: str,
    elements: Iterator[Any],
    layout: str | None,
    frame: int | str | None = None,
    image_size: tuple[float, float] | None = None,
    has_tracks: bool = True,
) -> Iterator[PersonKeypoints]:
    """People of a top-level list, streamed.

    Args:
        name: The file, for errors.
        elements: Of the list.
        layout: The joint order, if known.
        frame: Name of the frame, where each file is one.
        image_size: Width and height in pixels, for formats that hold fractions.
        has_tracks: Whether numbers of COCO results are tracks.

    Raises:
        KeypointFileError: If the objects are of no known format, or a value is wrong.
    """
    num_empty = 0
    for first in elements:
        if first not in (None, [], {}):
            break
        num_empty += 1
    else:
        return
    elements = itertools.chain(itertools.repeat([], num_empty), [first], elements)
    if not isinstance(first, list | dict) or _RESULT in first:
        raise _unknown(name, [first])
    if are_numbers(first):
        yield from array_people(name, list(elements), layout, frame)
    elif isinstance(first, list) or _holds_people(first):
        if frame is not None and isinstance(first, list):
            yield from _frame(name, frame, list(elements), layout, image_size)
            return
        yield from _frames(name, elements, layout, image_size, has_tracks)
    elif frame_key(first) is not None and keypoint_key(first) is not None:
        people = (element for element in elements if element)
        yield from read_results(name, people, layout, image_size, has_tracks)
    elif is_joint(first) and frame_key(first) is not None:
        yield from _joints(name, elements, layout, image_size)
    elif is_joint(first):
        yield from mediapipe_people(
            name, frame or 0, [list(elements)], layout, image_size
        )
    elif keypoint_key(first) is not None:
        people = [element for element in elements if element]
        if frame is None and (
            frames := counted_frames(people, list(map(track_of, people)))
        ):
            for image, group in enumerate(frames):
                for one in people_of_frame(name, image, group, layout, image_size):
                    yield dataclasses.replace(one, notes=(*one.notes, COUNTED))
            return
        _check_one_frame(name, people, frame)
        yield from people_of_frame(name, frame or 0, people, layout, image_size)
    else:
        raise _unknown(name, [first])


def read_object(
    name: str,
    document: dict,
    layout: str | None,
    frame: int | str | None = None,
    image_size: tuple[float, float] | None = None,
) -> Iterator[PersonKeypoints]:
    """People of a top-level object; arguments and errors as `read_list`."""
    holder = next((k for k in _HOLDERS if isinstance(document.get(k), list)), None)
    instances = document.get("instance_info")
    if "annolist" in document:
        yield from read_posetrack(name, document, layout)
    elif "annotations" in document and "images" in document:
        yield from read_annotations(name, document, layout)
    elif isinstance(instances, list):
        # The frames of a video, or the people of an image.
        frames = any("instances" in e for e in instances if isinstance(e, dict))
        image = frame if frames else frame or 0
        yield from read_list(name, iter(instances), layout, image, image_size)
    elif are_lists(document.get("predictions")):  # Of MMPose's inferencer.
        elements = iter(document["predictions"])
        yield from read_list(name, elements, layout, frame, image_size)
    elif holder is not None:
        elements = iter(document[holder])
        yield from read_list(name, elements, layout, frame, image_size)
    elif frame_key(document) is None and depth_of(document.get("keypoints")) > 2:
        yield from array_people(name, document["keypoints"], layout, frame)
    elif _is_frame(document):
        image = frame_of(document, 0 if frame is None else frame)
        yield from _frame(name, image, document, layout, image_size)
    elif document and all(map(_is_frame, document.values())):
        images = sorted(document, key=natural_order)
        if all(are_numbers(document[image]) for image in images if document[image]):
            arrays = [document[image] for image in images]
            yield from array_people(name, arrays, layout, None, images)
            return
        for image in images:
            yield from _frame(name, image, document[image], layout, image_size)
    elif document:
        raise _unknown(name, document)


def _frames(name, elements, layout, image_size, has_tracks):
    """People of a list of frames; of landmarks, each person may be an element."""
    named = ((frame_of(element, i), element) for i, element in enumerate(elements))
    for frame, group in itertools.groupby(named, lambda pair: pair[0]):
        group = [element for _, element in group]
        pairs = [(element, landmarks_of(element)) for element in group]
        if any(people is None for _, people in pairs):
            for element in group:
                yield from _frame(name, frame, element, layout, image_size)
            continue
        owned = [(element, one) for element, people in pairs for one in people or ()]
        people, tracks = [one for _, one in owned], [track_of(e) for e, _ in owned]
        yield from mediapipe_people(
            *(name, frame, people, layout, image_size, tracks if has_tracks else ())
        )


def _frame(name, frame, element, layout, image_size):
    """People of one frame."""
    if element in (None, [], {}):
        return
    people = landmarks_of(element)
    if people is not None:
        yield from mediapipe_people(name, frame, people, layout, image_size)
        return
    if isinstance(element, dict):
        key = _people_key(element)
        if key is not None:
            element = element[key] or []
            element = [element] if keypoint_key(element) else element
        elif is_named(element):
            element = [{"keypoints": element}]
        elif (key := keypoint_key(element)) is not None:
            # Of one person, or an array of people.
            element = element[key] if depth_of(element[key]) > 2 else [element]
    if are_lists(element) and len(element) == 1:
        element = element[0]
    if are_numbers(element):
        yield from array_people(name, [element], layout, None, [frame])
    elif isinstance(element, list) and all(
        not person or keypoint_key(person) for person in element
    ):
        yield from people_of_frame(name, frame, element, layout, image_size)
    else:
        raise _unknown(f"{name}, frame {frame}", element)


def _joints(name, elements, layout, image_size):
    """People of a list of joints, each of which states its frame."""
    rows = (element for element in elements if element)
    for frame, group in itertools.groupby(rows, lambda row: frame_of(row, "")):
        people = {}
        for row in group:
            people.setdefault(track_of(row), []).append(row)
        yield from mediapipe_people(
            *(name, frame, list(people.values()), layout, image_size, list(people))
        )


def _is_frame(element):
    """Whether something is what `_frame` reads."""
    if element in (None, [], {}) or landmarks_of(element) is not None:
        return True
    if isinstance(element, dict):
        return bool(_people_key(element) or keypoint_key(element) or is_named(element))
    return isinstance(element, list) and (
        are_numbers(element)
        or all(not person or keypoint_key(person) for person in element)
    )


def _holds_people(element):
    """Whether an object is a frame, not a person."""
    return landmarks_of(element) is not None or _people_key(element) is not None


def _people_key(element):
    """The key that holds a frame's people, None if there is none."""
    if not isinstance(element, dict):
        return None
    held = (k for k in PEOPLE_KEYS if isinstance(element.get(k, 0), list | dict | None))
    return next(held, None)


def _check_one_frame(name, people, frame):
    """Refuses people who may be of several frames, none of which is stated."""
    of_one_image = all(
        is_ultralytics(p) or (isinstance(p, dict) and "keypoint_scores" in p)
        for p in people
    )
    if frame is None and len(people) > 1 and not of_one_image:
        raise KeypointFileError(
            f"{name}: the frames of {len(people)} people are not stated: the objects "
            f"have the keys {sorted(people[0])}, none of {', '.join(FRAME_KEYS)}. Add "
            "image_id to each, or pass a folder with one file per frame."
        )


def _unknown(name, element):
    """The error of a document of no known format."""
    listed = isinstance(element, list) and bool(element)
    first = element[0] if listed else element
    if isinstance(first, dict):
        found = f"object{'s' * listed} with the keys {sorted(first)[:20]}"
        kind = next((kind for key, kind in _OTHERS.items() if key in first), None)
    else:
        number = isinstance(first, int | float)
        found = "numbers" if number else type(first).__name__
        kind = None
    found = f"a list of {found}" if listed else found
    seems = f" It seems to be {kind}." if kind else ""
    return KeypointFileError(f"{name}: unknown JSON: {found}.{seems} {_EXPECTED}")

"""Detectors' results as JSON, once it is known whose they are.

People without keypoints are not there. Which document is whose: see `json_documents`.
"""

import itertools
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from propose_keras.keypoint_files.frame_order import natural_order
from propose_keras.keypoint_files.joint_names import are_joint_names
from propose_keras.keypoint_files.json_arrays import depth_of
from propose_keras.keypoint_files.json_values import joint_values
from propose_keras.keypoint_files.landmark_formats import (
    is_ultralytics,
    ultralytics_people,
)
from propose_keras.keypoint_files.records import (
    KeypointFileError,
    PersonKeypoints,
    check_image_size,
    make_person,
)

# What programs call a frame, the people in it, a person's keypoints, their scores and
# the track.
FRAME_KEYS = (
    *("image_id", "frame", "frame_id", "frame_idx", "frame_index", "frame_number"),
    *("image_name", "img_name", "imgname", "image", "file_name", "filename", "file"),
    *("image_path", "img_path", "img"),
)
PEOPLE_KEYS = (
    *("instances", "people", "bodies", "persons", "predictions", "detections"),
    *("skeletons", "skeleton", "humans"),
)
KEYPOINT_KEYS = (
    *("keypoints", "pose_keypoints_2d", "pose_keypoints", "joints", "keypoints_2d"),
    *("joints_2d", "landmarks", "pose", "points", "pred_keypoints"),
)
_SCORE_KEYS = ("keypoint_scores", "scores", "confidences", "kp_score", "score")
_TRACK_KEYS = ("idx", "track_id", "person_id", "person", "body_id", "tracking_id")
_VISIBILITY = {0: 0.0, 1: 0.5, 2: 1.0}


def frame_key(element: Any) -> str | None:
    """The key that names an object's frame, None if there is none."""
    if not isinstance(element, dict):
        return None
    return next(
        (k for k in FRAME_KEYS if isinstance(element.get(k), int | float | str)), None
    )


def frame_of(element: Any, otherwise: int | str) -> int | str:
    """The frame that an object names, or what is given otherwise."""
    key = frame_key(element)
    if key is None:
        return otherwise
    value = element[key]
    if isinstance(value, float):
        return int(value) if value.is_integer() else str(value)
    return value


def keypoint_key(person: Any) -> str | None:
    """The key that holds a person's keypoints, None if it is no person."""
    if not isinstance(person, dict):
        return None
    return next((key for key in KEYPOINT_KEYS if key in person), None)


class ResultsOrder(NamedTuple):
    """What a first look at COCO results shows.

    Attributes:
        is_sorted: Results are grouped by image and images come in natural order.
        has_tracks: Every result has a track, and no two of an image share one. Without
            tracking AlphaPose gives everybody 0.
    """

    is_sorted: bool = True
    has_tracks: bool = True


def results_order(elements: Iterator[Any]) -> ResultsOrder:
    """Looks through results once, holding one image's tracks in memory."""
    last, is_sorted, has_tracks, of_image = None, True, True, set()
    for element in elements:
        if not element:
            continue  # Nobody.
        if frame_key(element) is None:
            return ResultsOrder()  # Another format, or a mistake that reading reports.
        key = natural_order(str(frame_of(element, "")))
        if key != last:
            of_image = set()
        is_sorted &= last is None or key >= last
        track = track_of(element)
        has_tracks &= track is not None and track not in of_image
        of_image.add(track)
        last = key
    return ResultsOrder(is_sorted, has_tracks)


def in_order(elements: Iterator[Any]) -> list:
    """Results sorted by image, of each image in the order that they had."""
    return sorted(elements, key=lambda e: natural_order(str(frame_of(e, ""))))


def read_results(
    name: str,
    elements: Iterable[Any],
    layout: str | None,
    image_size: Any = None,
    has_tracks: bool = True,
) -> Iterator[PersonKeypoints]:
    """People of a list in which each states her frame, grouped by it.

    Raises:
        KeypointFileError: If one lacks the frame or a value is wrong.
    """
    key = None

    def frame(element):
        nonlocal key
        key = key or frame_key(element)
        if frame_key(element) is None:
            get(element, key or FRAME_KEYS[0], name)
        return frame_of(element, "")

    for image, group in itertools.groupby(elements, frame):
        yield from people_of_frame(
            name, image, list(group), layout, image_size, has_tracks
        )


def people_of_frame(
    name: str,
    frame: int | str,
    people: Any,
    layout: str | None,
    image_size: Any = None,
    has_tracks: bool = True,
) -> Iterator[PersonKeypoints]:
    """People of one frame, each an object with keypoints.

    Raises:
        KeypointFileError: If a value is wrong.
    """
    if isinstance(people, list):
        people = [person for person in people if person]
    people = objects(people, f"{name}, frame {frame}: people")
    if people and all(map(is_ultralytics, people)):
        yield from ultralytics_people(name, frame, people, layout, image_size)
        return
    found = []
    for person in people:
        key = keypoint_key(person) or KEYPOINT_KEYS[0]
        values = get(person, key, name)
        if depth_of(values) > 2:  # Of several people, as Detectron2's instances.
            found += [(None, one, None) for one in values]
            continue
        scores = [person[k] for k in _SCORE_KEYS if isinstance(person.get(k), list)]
        track = track_of(person) if has_tracks else None
        found.append((track, values, scores[0] if scores else None))
    yield from _numbered(name, frame, found, layout)


def read_annotations(
    name: str, document: dict, layout: str | None
) -> Iterator[PersonKeypoints]:
    """People of COCO annotations; the category's names of joints decide the layout.

    Raises:
        KeypointFileError: If a value is wrong.
    """
    names = _joint_names(document.get("categories"))
    images = {}
    for image in objects(document["images"], f"{name}: images"):
        size = None
        if "width" in image and "height" in image:
            size = check_image_size([image["width"], image["height"]], name)
        number = get(image, "id", name, (int, str))
        images[number] = image.get("file_name", number), size
    by_image = {}
    for annotation in objects(document["annotations"], f"{name}: annotations"):
        image = get(annotation, "image_id", name, (int, str))
        if image not in images:
            raise KeypointFileError(f"{name}: an annotation of no image: {image!r}.")
        by_image.setdefault(image, []).append(annotation)
    for image in sorted(by_image, key=lambda i: natural_order(str(images[i][0]))):
        group, (frame, size) = by_image[image], images[image]
        found = []
        for annotation in group:
            if not annotation.get("num_keypoints", 1):
                continue  # COCO's crowds and persons without labelled joints.
            values = get(annotation, "keypoints", name, (list,))
            try:
                scores = [_VISIBILITY[v] for v in values[2::3]]
            except (KeyError, TypeError):
                raise KeypointFileError(
                    f"{name}, image {image!r}: visibility flags must be 0, 1 or 2."
                ) from None
            joints = names.get(str(annotation.get("category_id")), ())
            if layout is None and len(joints) * 3 == len(values):
                rows = zip(values[0::3], values[1::3], scores)
                values, scores = dict(zip(joints, map(list, rows))), None
            found.append((track_of(annotation), values, scores))
        yield from _numbered(name, frame, found, layout, size)


def _joint_names(categories: Any) -> dict[str, list[str]]:
    """The names of the joints of each category that states them."""
    named = {}
    for category in categories if isinstance(categories, list) else []:
        joints = category.get("keypoints") if isinstance(category, dict) else None
        if not isinstance(joints, list) or not all(isinstance(j, str) for j in joints):
            continue
        if are_joint_names(joints) and len(set(joints)) == len(joints):
            named[str(category.get("id"))] = joints
    return named


def _numbered(
    name: str,
    frame: int | str,
    found: Iterable[tuple[Any, Any, Any]],
    layout: str | None,
    image_size: tuple[float, float] | None = None,
) -> Iterator[PersonKeypoints]:
    """Numbers people by their tracks, or by their place where tracks are not given."""
    where = f"{name}, frame {frame}"
    rows = [
        (track, joint_values(values, scores, layout, f"{where}, person {place}"))
        for place, (track, values, scores) in enumerate(found)
    ]
    rows = [(track, joints) for track, joints in rows if joints is not None]
    tracks = [track for track, _ in rows]
    tracked = None not in tracks and len(set(tracks)) == len(tracks)
    for place, (track, joints) in enumerate(rows):
        person = track if tracked and track is not None else place
        yield make_person(
            f"{where}, person {person}",
            frame,
            person,
            joints.values,
            joints.scores,
            joints.layout,
            "coco17",
            image_size,
            tracked,
        )


def track_of(person: Any) -> int | str | None:
    """A track's number or name; AlphaPose and OpenPose wrap it in a list."""
    if not isinstance(person, dict):
        return None
    value: Any = next((person[key] for key in _TRACK_KEYS if key in person), None)
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str):
        return value or None
    if not isinstance(value, int | float) or value % 1:
        return None
    # OpenPose writes -1 for people it does not track.
    return int(value) if value != -1 else None


def get(element: Any, key: str, name: str, types: tuple | None = None) -> Any:
    """A value of an object.

    Raises:
        KeypointFileError: If it is not there or of none of the types.
    """
    if not isinstance(element, dict) or key not in element:
        found = sorted(element) if isinstance(element, dict) else type(element).__name__
        raise KeypointFileError(f"{name}: expected the key {key!r}, found {found}.")
    value = element[key]
    if types is not None and not isinstance(value, types):
        raise KeypointFileError(
            f"{name}: {key!r} must be {' or '.join(t.__name__ for t in types)}, found "
            f"{type(value).__name__}."
        )
    return value


def objects(value: Any, name: str) -> list[dict]:
    """A list of objects, as it is.

    Raises:
        KeypointFileError: If the value is something else.
    """
    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
        raise KeypointFileError(f"{name}: expected a list of objects.")
    return value

"""What detectors write as JSON.

- AlphaPose, COCO results (Detectron2 and others): a list of `{image_id, keypoints:
  [x, y, score] * J, ...}`, one object per person, in any order; a track's number in
  AlphaPose's `idx` or in `track_id`.
- COCO annotations: `{images, annotations, ...}`; visibility 0, 1, 2 becomes the scores
  0, 0.5, 1, and image sizes are taken.
- MMPose: `{meta_info, instance_info: [{frame_id, instances: [{keypoints: [[x, y], ...],
  keypoint_scores, ...}]}]}`, that list alone, or the list of one image's instances.
- OpenPose: one file per frame, `{people: [{pose_keypoints_2d: [x, y, score] * J}]}`, in
  old versions `pose_keypoints`; AlphaPose's `--format open` is an object of such, one
  for each image, and `--format cmu` one of `{bodies: [{joints: [x, y, score] * J}]}`.
- MediaPipe and Ultralytics: see `landmark_formats`; Ultralytics' also under `results`.

People without keypoints are not there.
"""

import itertools
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from propose_keras.keypoint_files.landmark_formats import (
    is_landmark,
    is_ultralytics,
    landmarks_of,
    mediapipe_people,
    ultralytics_people,
)
from propose_keras.keypoint_files.natural_order import natural_order
from propose_keras.keypoint_files.records import (
    KeypointFileError,
    PersonKeypoints,
    check_image_size,
    make_person,
)

_VISIBILITY = {0: 0.0, 1: 0.5, 2: 1.0}
# New and old OpenPose, AlphaPose's --format cmu.
_OPENPOSE_KEYS = ("pose_keypoints_2d", "pose_keypoints", "joints")


def read_list(
    name: str,
    elements: Iterator[Any],
    layout: str | None,
    frame: int | str = 0,
    image_size: tuple[float, float] | None = None,
    has_tracks: bool = True,
) -> Iterator[PersonKeypoints]:
    """People of a top-level list, streamed.

    Args:
        name: The file, for errors.
        elements: Of the list.
        layout: The joint order, if known.
        frame: Name of the frame, where the file is one frame.
        image_size: Width and height in pixels, for formats that hold fractions.
        has_tracks: Whether numbers of COCO results are tracks.

    Raises:
        KeypointFileError: If the objects are of no known format, or a value is wrong.
    """
    num_empty = 0
    for first in elements:
        if first:
            break
        num_empty += 1
    else:
        return
    if not isinstance(first, dict | list):
        raise KeypointFileError(
            f"{name}: unknown JSON: expected a list of objects or lists, found "
            f"{type(first).__name__}."
        )
    elements = itertools.chain(itertools.repeat([], num_empty), [first], elements)
    if isinstance(first, list) or landmarks_of(first) is not None:
        yield from _frames(name, elements, layout, image_size)
        return
    elements = (element for element in elements if element)
    if is_landmark(first):
        people = [list(elements)]
        yield from mediapipe_people(name, frame, people, layout, image_size)
    elif is_ultralytics(first):
        people = list(elements)
        yield from ultralytics_people(name, frame, people, layout, image_size)
    elif "instances" in first:
        yield from _mmpose_frames(name, elements, layout)
    elif "keypoint_scores" in first:
        yield from _mmpose_people(name, frame, list(elements), layout)
    elif "keypoints" in first and "image_id" in first:
        yield from _results(name, elements, layout, has_tracks)
    else:
        raise KeypointFileError(
            f"{name}: unknown JSON: a list of objects with the keys {sorted(first)}. "
            "Expected AlphaPose's or COCO's results (image_id, keypoints), MMPose's "
            "predictions (instances, or keypoints and keypoint_scores), MediaPipe's "
            "landmarks (x, y, visibility) or Ultralytics' (keypoints of x, y, visible)."
        )


def _frames(name, elements, layout, image_size):
    """Frames as lists of people, of MediaPipe or Ultralytics."""
    for index, element in enumerate(elements):
        frame = index
        if isinstance(element, dict):
            frame = element.get("frame", element.get("frame_id", index))
        people = landmarks_of(element)
        if people is not None:
            yield from mediapipe_people(name, frame, people, layout, image_size)
        elif isinstance(element, list) and all(map(is_ultralytics, element)):
            yield from ultralytics_people(name, frame, element, layout, image_size)
        else:
            raise KeypointFileError(
                f"{name}, frame {frame}: unknown JSON: expected a list of MediaPipe's "
                "landmarks (x, y, visibility) or of Ultralytics' people (keypoints of "
                "x, y, visible)."
            )


def read_object(
    name: str,
    document: dict,
    layout: str | None,
    frame: int | str = 0,
    image_size: tuple[float, float] | None = None,
) -> Iterator[PersonKeypoints]:
    """People of a top-level object.

    Args:
        name: The file, for errors.
        document: What the file holds.
        layout: The joint order, if known.
        frame: Name of the frame, where the file is one frame.
        image_size: See `read_list`.

    Raises:
        KeypointFileError: If the object is of no known format, or a value is wrong.
    """
    if isinstance(document.get("results"), list):
        results = iter(document["results"])
        yield from read_list(name, results, layout, frame, image_size)
    elif landmarks_of(document) is not None:
        people = landmarks_of(document) or []
        yield from mediapipe_people(name, frame, people, layout, image_size)
    elif "instance_info" in document:
        elements = _list(document["instance_info"], f"{name}: instance_info")
        if elements and "instances" not in elements[0]:
            yield from _mmpose_people(name, frame, elements, layout)
        else:
            yield from _mmpose_frames(name, elements, layout)
    elif "annotations" in document and "images" in document:
        yield from _annotations(name, document, layout)
    elif "people" in document or "bodies" in document:
        yield from _openpose_people(name, frame, document, layout)
    elif document and all(map(_is_openpose, document.values())):
        for image in sorted(document, key=natural_order):
            yield from _openpose_people(name, image, document[image], layout)
    else:
        raise KeypointFileError(
            f"{name}: unknown JSON: an object with the keys {sorted(document)[:20]}. "
            "Expected OpenPose's (people), MMPose's (instance_info), MediaPipe's "
            "(landmarks), Ultralytics' (results) or COCO annotations (images, "
            "annotations)."
        )


class ResultsOrder(NamedTuple):
    """What a first look at COCO results shows.

    Attributes:
        is_sorted: Results are grouped by image and images come in natural order.
        has_tracks: Every result has a track, and no two of an image share one. Without
            tracking AlphaPose gives everybody 0.
    """

    is_sorted: bool = True
    has_tracks: bool = False


def results_order(elements: Iterator[Any]) -> ResultsOrder:
    """Looks through results once, holding one image's tracks in memory."""
    last, is_sorted, has_tracks, of_image = None, True, True, set()
    for element in elements:
        if not isinstance(element, dict) or "image_id" not in element:
            return ResultsOrder()  # Another format, or a mistake that reading reports.
        key = natural_order(str(element["image_id"]))
        if key != last:
            of_image = set()
        is_sorted &= last is None or key >= last
        track = track_of(element.get("idx", element.get("track_id")))
        has_tracks &= track is not None and track not in of_image
        of_image.add(track)
        last = key
    return ResultsOrder(is_sorted, has_tracks)


def in_order(elements: Iterator[Any]) -> list:
    """Results sorted by image, of each image in the order that they had."""

    def key(element):
        image = element.get("image_id") if isinstance(element, dict) else ""
        return natural_order(str(image))

    return sorted(elements, key=key)


def _results(name, elements, layout, has_tracks):
    """People of COCO results, grouped by image."""
    for image, group in itertools.groupby(elements, lambda e: _image_id(e, name)):
        yield from _people(
            name,
            image,
            (
                (
                    e.get("idx", e.get("track_id")) if has_tracks else None,
                    *(_get(e, "keypoints", name), None),
                )
                for e in group
            ),
            layout,
            "coco17",
        )


def _annotations(name, document, layout):
    images = {}
    for image in _list(document["images"], f"{name}: images"):
        size = None
        if "width" in image and "height" in image:
            size = check_image_size([image["width"], image["height"]], name)
        number = _get(image, "id", name, (int, str))
        images[number] = image.get("file_name", number), size
    by_image = {}
    for annotation in _list(document["annotations"], f"{name}: annotations"):
        image = _get(annotation, "image_id", name, (int, str))
        if image not in images:
            raise KeypointFileError(f"{name}: an annotation of no image: {image!r}.")
        by_image.setdefault(image, []).append(annotation)
    for image in sorted(by_image, key=lambda i: natural_order(str(images[i][0]))):
        group, (frame, size) = by_image[image], images[image]
        found = []
        for annotation in group:
            if not annotation.get("num_keypoints", 1):
                continue  # COCO's crowds and persons without labelled joints.
            values = _get(annotation, "keypoints", name, (list,))
            try:
                scores = [_VISIBILITY[v] for v in values[2::3]]
            except (KeyError, TypeError):
                raise KeypointFileError(
                    f"{name}, image {image!r}: visibility flags must be 0, 1 or 2."
                ) from None
            found.append((annotation.get("track_id"), values, scores))
        yield from _people(name, frame, found, layout, "coco17", size)


def _mmpose_frames(name, elements, layout):
    for index, element in enumerate(elements):
        frame = index
        if "frame_id" in element:
            frame = _get(element, "frame_id", name, (int, str))
        instances = _get(element, "instances", name, (list,))
        yield from _mmpose_people(name, frame, instances, layout)


def _mmpose_people(name, frame, instances, layout):
    found = [
        (
            instance.get("track_id"),
            _get(instance, "keypoints", name),
            _get(instance, "keypoint_scores", name),
        )
        for instance in _list(instances, f"{name}, frame {frame}")
    ]
    yield from _people(name, frame, found, layout, "coco17")


def _is_openpose(document):
    return isinstance(document, dict) and bool({"people", "bodies"} & set(document))


def _openpose_people(name, frame, document, layout):
    people = _list(
        document.get("people", document.get("bodies")), f"{name}, frame {frame}: people"
    )
    found = []
    for person in people:
        if not person:
            continue
        keys = [key for key in _OPENPOSE_KEYS if key in person]
        values = _get(person, keys[0] if keys else _OPENPOSE_KEYS[0], name)
        track = track_of(person.get("person_id", person.get("idx")))
        # OpenPose writes -1 for people it does not track.
        found.append((None if track == -1 else track, values, None))
    yield from _people(name, frame, found, layout)


def _people(
    name: str,
    frame: int | str,
    found: Iterable[tuple[Any, Any, Any]],
    layout: str | None,
    default_17: str | None = None,
    image_size: tuple[float, float] | None = None,
) -> Iterator[PersonKeypoints]:
    """Numbers people by their tracks, or by their place where tracks are not given."""
    found = [row for row in found if not isinstance(row[1], list) or row[1]]
    tracks = [track_of(track) for track, _, _ in found]
    tracked = None not in tracks and len(set(tracks)) == len(tracks)
    for place, (track, (_, values, scores)) in enumerate(zip(tracks, found)):
        person = track if tracked and track is not None else place
        yield make_person(
            f"{name}, frame {frame}, person {person}",
            frame,
            person,
            values,
            scores,
            layout,
            default_17,
            image_size,
            tracked,
        )


def track_of(value: Any) -> int | str | None:
    """A track's number or name; AlphaPose and OpenPose wrap it in a list."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str):
        return value or None
    if not isinstance(value, int | float) or value % 1:
        return None
    return int(value)


def _image_id(element: Any, name: str) -> int | str:
    value = _get(element, "image_id", name, (int, float, str))
    if isinstance(value, float):
        return int(value) if value.is_integer() else str(value)
    return value


def _get(element: Any, key: str, name: str, types: tuple | None = None) -> Any:
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


def _list(value: Any, name: str) -> list:
    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
        raise KeypointFileError(f"{name}: expected a list of objects.")
    return value

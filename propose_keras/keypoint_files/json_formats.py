"""What detectors write as JSON.

- AlphaPose, COCO results (Detectron2 and others): a list of `{image_id, keypoints:
  [x, y, score] * J, ...}`, one object per person, an image's people together; a track's
  number in AlphaPose's `idx` or in `track_id`.
- COCO annotations: `{images, annotations, ...}`; visibility 0, 1, 2 becomes the scores
  0, 0.5, 1, and image sizes are taken.
- MMPose: `{meta_info, instance_info: [{frame_id, instances: [{keypoints: [[x, y], ...],
  keypoint_scores, ...}]}]}`, that list alone, or the list of one image's instances.
- OpenPose: one file per frame, `{people: [{pose_keypoints_2d: [x, y, score] * J}]}`.
"""

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from propose_keras.keypoint_files.records import (
    KeypointFileError,
    PersonKeypoints,
    check_image_size,
    make_person,
)

_VISIBILITY = {0: 0.0, 1: 0.5, 2: 1.0}


def read_list(
    name: str, elements: Iterator[Any], layout: str | None
) -> Iterator[PersonKeypoints]:
    """People of a top-level list, streamed.

    Raises:
        KeypointFileError: If the objects are of no known format, or a value is wrong.
    """
    first = next(elements, None)
    if first is None:
        return
    elements = itertools.chain([first], elements)
    if "instances" in first:
        yield from _mmpose_frames(name, elements, layout)
    elif "keypoint_scores" in first:
        yield from _mmpose_people(name, 0, list(elements), layout)
    elif "keypoints" in first and "image_id" in first:
        yield from _results(name, elements, layout)
    else:
        raise KeypointFileError(
            f"{name}: unknown JSON: a list of objects with the keys {sorted(first)}. "
            "Expected AlphaPose's or COCO's results (image_id, keypoints) or MMPose's "
            "predictions (instances, or keypoints and keypoint_scores)."
        )


def read_object(
    name: str, document: dict, layout: str | None, frame: int | str = 0
) -> Iterator[PersonKeypoints]:
    """People of a top-level object.

    Args:
        name: The file, for errors.
        document: What the file holds.
        layout: The joint order, if known.
        frame: Name of the frame, where the file is one frame.

    Raises:
        KeypointFileError: If the object is of no known format, or a value is wrong.
    """
    if "instance_info" in document:
        elements = _list(document["instance_info"], f"{name}: instance_info")
        if elements and "instances" not in elements[0]:
            yield from _mmpose_people(name, frame, elements, layout)
        else:
            yield from _mmpose_frames(name, elements, layout)
    elif "annotations" in document and "images" in document:
        yield from _annotations(name, document, layout)
    elif "people" in document:
        yield from _openpose_people(name, frame, document, layout)
    else:
        raise KeypointFileError(
            f"{name}: unknown JSON: an object with the keys {sorted(document)[:20]}. "
            "Expected OpenPose's (people), MMPose's (instance_info) or COCO "
            "annotations (images, annotations)."
        )


def _results(name, elements, layout):
    """People of COCO results, grouped by image."""
    finished = set()
    for image, group in itertools.groupby(
        elements, lambda e: _get(e, "image_id", name, (int, str))
    ):
        if image in finished:
            raise KeypointFileError(
                f"{name}: image {image!r} comes twice, with others in between. Sort "
                "the file by image_id."
            )
        finished.add(image)
        yield from _people(
            name,
            image,
            (
                (e.get("idx", e.get("track_id")), _get(e, "keypoints", name), None)
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
    for image, group in by_image.items():
        frame, size = images[image]
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


def _openpose_people(name, frame, document, layout):
    found = [
        (_track(p.get("person_id")), _get(p, "pose_keypoints_2d", name), None)
        for p in _list(document["people"], f"{name}: people")
    ]
    # OpenPose writes -1 for people it does not track.
    found = [(None if track == -1 else track, v, s) for track, v, s in found]
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
    found = list(found)
    given = [_track(track) for track, _, _ in found]
    tracks = [track for track in given if track is not None]
    if len(set(tracks)) < len(found):
        tracks = list(range(len(found)))
    for person, (_, values, scores) in zip(tracks, found):
        yield make_person(
            f"{name}, frame {frame}, person {person}",
            frame,
            person,
            values,
            scores,
            layout,
            default_17,
            image_size,
        )


def _track(value: Any) -> int | None:
    """A track's number; AlphaPose and OpenPose wrap it in a list."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    whole = isinstance(value, int | float) and not value % 1
    return int(value) if whole and not isinstance(value, list) else None


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

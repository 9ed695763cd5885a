"""What the header of a table of keypoints says: one line per person and frame.

Columns of a joint are numbered (`x0`, `x_0`, `0_x`, `landmark_0_x`, from 0 or from 1)
or carry its name (`nose_x`, `nose.x`, `x_nose`). Those of several people in one line
begin with `inst0.`, `person0_` and so on. Columns of other things are passed over.
"""

import re
from collections.abc import Sequence

from propose_keras.keypoint_files import mediapipe_scores
from propose_keras.keypoint_files.joint_names import are_joint_names, match_names
from propose_keras.keypoint_files.records import KeypointFileError
from propose_keras.keypoint_files.table_rows import PersonColumns

FRAMES = frozenset(
    (
        *("frame", "frameid", "frameidx", "frameindex", "framenumber", "frameno"),
        *("framenum", "imageid", "image", "imagename", "imagepath", "imgname", "img"),
        *("imgpath", "filename", "file", "imagefile"),
    )
)
PEOPLE = (
    *("person", "personid", "personidx", "trackid", "track", "idx", "poseid"),
    *("individual", "animal", "bodyid", "body", "instance", "subject", "id"),
)
# The first that a joint has is its score.
SCORES = (
    *("score", "likelihood", "confidence", "conf", "probability", "prob"),
    *("visibility", "visible", "vis", "presence", "s", "c", "p", "v"),
)
_COORDINATE = rf"(?P<coordinate>x|y|z|{'|'.join(SCORES)})"
_NUMBER = r"(?P<number>\d+)"
_NUMBERED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?P<prefix>){_COORDINATE}[_. ]?{_NUMBER}",  # x0, x_0
        rf"(?P<prefix>[a-z_. ]*?)[_. ]?{_NUMBER}[_. ]?{_COORDINATE}",  # landmark_0_x
        rf"(?P<prefix>[a-z_. ]+)[_. ]{_COORDINATE}[_. ]?{_NUMBER}",  # landmark_x_0
    )
)
_NAMED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?P<name>.+?)[_ .]+{_COORDINATE}",
        rf"{_COORDINATE}[_ .]+(?P<name>.+)",
    )
)
_OF_A_PERSON = re.compile(
    r"(?:inst(?:ance)?|person|animal|individual|id)[_ ]?(\d+)[_. ](.+)", re.IGNORECASE
)
# Of several numberings, as of body, face and hands, the body's.
_BODY = re.compile(r"pose|body", re.IGNORECASE)


def plain_column(name: str) -> str:
    """A column's name in lower case without separators."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def frame_column(header: Sequence[str]) -> int | None:
    """The column of the frame; a first one without a name is a table's index."""
    plain = [plain_column(name) for name in header]
    for place, name in enumerate(plain):
        if name in FRAMES:
            return place
    return 0 if plain and plain[0] in ("", "unnamed0") else None


def person_column(header: Sequence[str]) -> int | None:
    """The column of the person, None if there is none."""
    plain = [plain_column(name) for name in header]
    return next((plain.index(name) for name in PEOPLE if name in plain), None)


def wide_columns(
    path: object, header: Sequence[str], layout: str | None
) -> list[PersonColumns]:
    """The columns of each person of a line.

    Args:
        path: The file, for errors.
        header: The columns' names.
        layout: The layout that the user names, if any.

    Raises:
        KeypointFileError: If the header is of no known form.
    """
    people: dict[int, dict[int, str]] = {}
    for place, column in enumerate(header):
        match = _OF_A_PERSON.fullmatch(column)
        if match:
            people.setdefault(int(match[1]), {})[place] = match[2]
    found = []
    for number, columns in sorted(people.items()):
        joints = _named(columns)
        if joints:
            name, joints = _by_name(path, joints, layout)
            who = [place for place, rest in columns.items() if rest.lower() == "track"]
            person = who[0] if who else None
            found.append(_person_columns(joints, name, layout, person, number))
    return found or [_of_one_person(path, header, layout)]


def _of_one_person(path, header, layout) -> PersonColumns:
    person = person_column(header)
    columns = {
        place: column
        for place, column in enumerate(header)
        if place not in (frame_column(header), person)
    }
    joints = _named(columns)
    numbered = _numbered(columns)
    if numbered and not (joints and are_joint_names(joints)):
        first = min(numbered)
        complete = all({"x", "y"} <= set(joint) for joint in numbered.values())
        if first > 1 or not complete or max(numbered) - first + 1 != len(numbered):
            raise unknown_header(path, header)
        joints = [numbered[number] for number in sorted(numbered)]
        return _person_columns(joints, None, layout, person)
    if not joints:
        raise unknown_header(path, header)
    name, joints = _by_name(path, joints, layout)
    return _person_columns(joints, name, layout, person)


def _numbered(columns):
    """The columns of each joint by its number, of one numbering."""
    by_prefix = {}
    for place, column in columns.items():
        match = next((m for p in _NUMBERED if (m := p.fullmatch(column))), None)
        if match:
            joints = by_prefix.setdefault(match["prefix"].strip("_. ").lower(), {})
            joint = joints.setdefault(int(match["number"]), {})
            joint[match["coordinate"].lower()] = place
    by_prefix = {
        prefix: joints
        for prefix, joints in by_prefix.items()
        if any({"x", "y"} & set(joint) for joint in joints.values())
    }
    if len(by_prefix) > 1:
        body = [prefix for prefix in by_prefix if _BODY.search(prefix)]
        by_prefix = {prefix: by_prefix[prefix] for prefix in body[:1]}
    return next(iter(by_prefix.values()), {})


def _named(columns):
    """The columns of each joint that has x and y by its name."""
    joints = {}
    for place, column in columns.items():
        match = next((m for p in _NAMED if (m := p.fullmatch(column))), None)
        if match and not match["name"].isdecimal():
            joint = joints.setdefault(match["name"], {})
            joint[match["coordinate"].lower()] = place
    return {name: joint for name, joint in joints.items() if {"x", "y"} <= set(joint)}


def _by_name(path, joints, layout):
    names = list(joints)
    layout, order = match_names(names, layout, str(path))
    return layout, [{} if place is None else joints[names[place]] for place in order]


def _person_columns(joints, name, layout, person, number=0):
    """Of each joint's columns by what they hold.

    Args:
        joints: In their layout's order.
        name: The layout that the joints' names are of, if they have any.
        layout: The layout that the user names, if any.
        person: See `PersonColumns`.
        number: See `PersonColumns`.
    """
    kinds = [next((kind for kind in SCORES if kind in joint), None) for joint in joints]
    places = [
        (joint.get("x"), joint.get("y"), joint.get(kind))
        for joint, kind in zip(joints, kinds)
    ]
    presence = None
    if mediapipe_scores.is_layout(name or layout, len(joints)) and all(
        kind is None or mediapipe_scores.is_probability(kind) for kind in kinds
    ):
        presence = [joint.get(mediapipe_scores.PRESENCE) for joint in joints]
    return PersonColumns(places, name, person, number, presence)


def unknown_header(path: object, header: Sequence[str]) -> KeypointFileError:
    """The error of a header of no known form."""
    return KeypointFileError(
        f"{path}: expected the header frame,person,x0,y0,score0,x1,y1,score1,... "
        "(person and scores may be left out), names as in nose_x,nose_y,nose_score, a "
        "line per joint as in frame,person,joint,x,y,score, or that of DeepLabCut, "
        f"SLEAP or Ultralytics, found {','.join(header)[:80]!r}."
    )

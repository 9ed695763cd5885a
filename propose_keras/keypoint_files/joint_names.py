"""Finds the layout whose joints a file names.

Programs spell joints in many ways (`left_shoulder`, `LShoulder`, `ShoulderLeft`,
`SHOULDER_LEFT`, `shoulder.l`) and call the root by many names. A file need not name all
joints of a layout: those that it lacks are missing.
"""

import functools
import re
from collections.abc import Iterable, Sequence

from propose_keras.keypoint_files.records import KeypointFileError
from propose_keras.skeletons import (
    SKELETONS,
    Y_FIRST_LAYOUTS,
    Skeleton,
    count_joints,
)

# A pose of fewer joints of the model's cannot be lifted, see `data.infilling`.
_FEWEST = 4
_SIDES = {"left": "l", "right": "r", "l": "l", "r": "r"}
# Other names of a joint, where no layout has both.
_SYNONYMS = {
    **dict.fromkeys(
        ("pelvis", "midhip", "chip", "hipcenter", "hipcentre", "spinebase", "root"),
        "hip",
    ),
    **{"spinenaval": "spinenavel", "topofhead": "headtop", "tophead": "headtop"},
}
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


@functools.lru_cache(4096)
def plain_name(name: str) -> str:
    """A joint's name without case, separators and spelling of the side."""
    words = [word.lower() for word in _WORDS.findall(name)]
    side = ""
    for place in (0, -1):
        if len(words) > 1 and words[place] in _SIDES and not side:
            side = _SIDES[words.pop(place)]
    joined = "".join(words)
    if not side:
        # Without a separator, as in a header that was made lower case.
        match = re.fullmatch(r"(left|right)(.+)|(.+)(left|right)", joined)
        if match:
            side = _SIDES[match[1] or match[4]]
            joined = match[2] or match[3]
    return side + _SYNONYMS.get(joined, joined)


def match_names(
    names: Sequence[str], layout: str | None, name: str
) -> tuple[str, list[int | None]]:
    """The layout that joints' names are of, and where its joints are among them.

    Args:
        names: As the file spells them, in its order.
        layout: The layout that the user names, if any; joints are then looked for in
            it only.
        name: What is read, for the error.

    Returns:
        The layout's name, and for each of its joints the place in `names`, None if it
        is not there. Of all layouts that from which most joints of the model can be
        computed, then that with most of the names, then the shortest.

    Raises:
        KeypointFileError: If fewer than 4 of the model's joints could be computed.
    """
    layout = Y_FIRST_LAYOUTS.get(layout or "", layout)  # Named axes have their order.
    if layout is not None and layout not in SKELETONS:
        raise KeypointFileError(
            f"{name}: the joints have names, expected a layout of {sorted(SKELETONS)}, "
            f"received {layout!r}."
        )
    if len(set(names)) < len(names):
        raise KeypointFileError(f"{name}: joints of the same name: {list(names)[:40]}.")
    places = {plain_name(joint): place for place, joint in enumerate(names)}
    skeletons = SKELETONS.values() if layout is None else [SKELETONS[layout]]
    best = max(skeletons, key=lambda skeleton: _agreement(skeleton, places))
    if _agreement(best, places)[0] < _FEWEST:
        raise KeypointFileError(
            f"{name}: the joints' names {sorted(map(str, names))[:20]} are those of no "
            f"known layout; {best.name} has {', '.join(best.joint_names)}."
        )
    return best.name, [places.get(plain_name(joint)) for joint in best.joint_names]


def are_joint_names(names: Iterable[str]) -> bool:
    """Whether names are those of enough joints of some layout."""
    places = {plain_name(joint): place for place, joint in enumerate(names)}
    return any(_agreement(s, places)[0] >= _FEWEST for s in SKELETONS.values())


def _agreement(skeleton: Skeleton, places: dict[str, int]) -> tuple[int, int, int]:
    found = [
        index
        for index, joint in enumerate(skeleton.joint_names)
        if plain_name(joint) in places
    ]
    return count_joints(found, skeleton.name), len(found), -skeleton.num_joints

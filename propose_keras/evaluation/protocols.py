"""Evaluation protocols as data.

A pose error without its protocol means nothing. A `Protocol` states which joints,
frames and averages a number is made of; adding one is adding an entry to `PROTOCOLS`.
Options change a protocol and are named after it: `h36m+16-joints+every-64th`.
"""

import dataclasses
from collections.abc import Mapping

from propose_keras.skeletons import H36M_17


class ProtocolError(ValueError):
    """No such protocol, or one that does not fit the data."""


@dataclasses.dataclass(frozen=True)
class Pck:
    """How correct keypoints are counted.

    Attributes:
        joints: Joints that count, indices of `H36M_17`.
        auc_thresholds: Thresholds whose mean PCK is the AUC, mm.
        threshold: The threshold of the PCK, mm; an error must be strictly below.
    """

    joints: tuple[int, ...]
    auc_thresholds: tuple[float, ...]
    threshold: float = 150.0


@dataclasses.dataclass(frozen=True)
class Cps:
    """How the Correct Poses Score is computed.

    Attributes:
        joints: Joints that must all be right, indices of `H36M_17`.
        thresholds: Thresholds under whose curve the area is taken, mm.
    """

    joints: tuple[int, ...]
    thresholds: tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class Protocol:
    """What a number is made of.

    Attributes:
        name: Printed with every number, options included.
        description: One line for people.
        datasets: Data sets it is defined on (names without config).
        pose_feature: The ground truth's feature in the built data set.
        ground_truth: What the data set's authors call that ground truth.
        joints: Joints of MPJPE and PA-MPJPE, indices of `H36M_17`; None for all.
            Poses are centred on the hip whether it counts or not.
        average: `"action"` for the unweighted mean of the actions' means, `"frame"` for
            the mean over poses.
        frame_stride: Frames taken, counted from frame 0 of each clip; None leaves it
            to the caller.
        needs_frame_list: Whether the poses are those of a list of frames.
        pck: How PCK and AUC are counted; None for not at all.
        cps: How CPS is computed; None for not at all.
        scenes: Scene of each subject, for results by scene.
    """

    name: str
    description: str
    datasets: tuple[str, ...]
    pose_feature: str = "pose_3d"
    ground_truth: str = "camera frame"
    joints: tuple[int, ...] | None = None
    average: str = "action"
    frame_stride: int | None = None
    needs_frame_list: bool = False
    pck: Pck | None = None
    cps: Cps | None = None
    scenes: Mapping[str, str] | None = None

    def check_dataset(self, dataset: str) -> None:
        """Raises `ProtocolError` unless the protocol is defined on `dataset`.

        Args:
            dataset: `name` or `name/config`, with `:version` after it or not.
        """
        name = dataset.partition("/")[0].partition(":")[0]
        if name not in self.datasets:
            fitting = [p.name for p in PROTOCOLS.values() if name in p.datasets]
            raise ProtocolError(
                f"Protocol {self.name!r} is defined on {', '.join(self.datasets)}, not "
                f"on {name!r}. Protocols for {name!r}: {', '.join(fitting) or 'none'}."
            )


def _without(*joint_names: str) -> tuple[int, ...]:
    left_out = {H36M_17.index(name) for name in joint_names}
    return tuple(j for j in range(H36M_17.num_joints) if j not in left_out)


_H36M = Protocol(
    name="h36m",
    description="17 joints, hip centred, mean of the actions' means",
    datasets=("human36m", "synthetic_human", "cmu_mocap"),
)
_3DHP = Protocol(
    name="3dhp-official",
    description="PCK on 14 joints, AUC of 31 thresholds 0:5:150, weighted by frames",
    datasets=("mpi_inf_3dhp",),
    pose_feature="pose_3d_univ",
    ground_truth="univ_annot3",
    average="frame",
    pck=Pck(
        joints=_without("Hip", "Spine", "Nose"),
        auc_thresholds=tuple(range(0, 151, 5)),
    ),
    scenes={
        **{"TS1": "GS", "TS2": "GS", "TS3": "noGS", "TS4": "noGS"},
        **{"TS5": "Outdoor", "TS6": "Outdoor"},
    },
)

PROTOCOLS: dict[str, Protocol] = {
    protocol.name: protocol
    for protocol in (
        _H36M,
        # Wehrbein et al., "Probabilistic monocular 3D human pose estimation with
        # normalizing flows" (ICCV 2021), and their `eval_hard_subset.py`.
        Protocol(
            name="h36m-hard",
            description="the frames of a list (H36MA), mean over frames",
            datasets=_H36M.datasets,
            average="frame",
            needs_frame_list=True,
            pck=Pck(
                joints=_without("Hip", "Spine", "Nose"),
                auc_thresholds=tuple(range(0, 151, 5)),
            ),
            cps=Cps(joints=_without("Spine"), thresholds=tuple(range(1, 301))),
        ),
        # The authors' `mpii_compute_3d_pck.m`, P-STMO, MotionAGFormer.
        _3DHP,
        # The pelvis, always right, counts; GraphMLP's `eval_cal.py`.
        dataclasses.replace(
            _3DHP,
            name="3dhp-graphmlp",
            description="PCK on 17 joints, AUC of thresholds 0 to 149 in steps of 1",
            pck=Pck(joints=_without(), auc_thresholds=tuple(range(150))),
        ),
        # PoseAug's `utils/loss.py`: its 16 joints lack the nose.
        dataclasses.replace(
            _3DHP,
            name="3dhp-poseaug",
            description="PCK on 16 joints with the root, AUC of linspace(0, 150, 31)",
            joints=_without("Nose"),
            pck=Pck(joints=_without("Nose"), auc_thresholds=tuple(range(0, 151, 5))),
        ),
    )
}

# Option -> (data sets it makes sense for, fields it changes).
OPTIONS: dict[str, tuple[tuple[str, ...], dict]] = {
    "16-joints": (_H36M.datasets, {"joints": _without("Hip")}),
    "frame-mean": (_H36M.datasets, {"average": "frame"}),
    "cps": (
        _H36M.datasets,
        {"cps": Cps(joints=_without("Spine"), thresholds=tuple(range(1, 301)))},
    ),
    "every-64th": (_H36M.datasets, {"frame_stride": 64}),
    "every-640th": (_H36M.datasets, {"frame_stride": 640}),
    "annot3": (
        _3DHP.datasets,
        {"pose_feature": "pose_3d", "ground_truth": "annot3"},
    ),
    "univ_annot3": (
        _3DHP.datasets,
        {"pose_feature": "pose_3d_univ", "ground_truth": "univ_annot3"},
    ),
}


def get_protocol(name: str) -> Protocol:
    """The protocol of a name, options applied.

    Example:
    ```python
    get_protocol("h36m")
    get_protocol("h36m+16-joints+frame-mean")
    get_protocol("3dhp-official+annot3")
    ```

    Args:
        name: A key of `PROTOCOLS`, with `+` and a key of `OPTIONS` after it for each
            option.

    Raises:
        ProtocolError: If there is none; the message lists those there are.
    """
    base, *options = name.split("+")
    if base not in PROTOCOLS:
        raise ProtocolError(
            f"Unknown protocol {base!r}. There are: {', '.join(PROTOCOLS)}."
        )
    protocol = PROTOCOLS[base]
    known = [
        o for o, (sets, _) in OPTIONS.items() if set(sets) & set(protocol.datasets)
    ]
    for option in options:
        if option not in known:
            raise ProtocolError(
                f"Protocol {base!r} has no option {option!r}. "
                f"There are: {', '.join(known)}."
            )
        protocol = dataclasses.replace(protocol, **OPTIONS[option][1])
    return dataclasses.replace(protocol, name=name)

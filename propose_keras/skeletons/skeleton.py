"""What a joint order is."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Skeleton:
    """A joint order.

    Attributes:
        name: Short name used in flags and reports.
        joint_names: Names in order.
        parents: Index of each joint's parent, -1 for the root.
        left: Indices of the left joints.
        right: Indices of the right joints, paired with `left`.
    """

    name: str
    joint_names: tuple[str, ...]
    parents: tuple[int, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]

    @property
    def num_joints(self) -> int:
        """Number of joints."""
        return len(self.joint_names)

    @property
    def root(self) -> int:
        """Index of the joint without a parent."""
        return self.parents.index(-1)

    @property
    def bones(self) -> tuple[tuple[int, int], ...]:
        """`(parent, child)` index pairs, one per joint except the root."""
        return tuple((p, j) for j, p in enumerate(self.parents) if p >= 0)

    @property
    def flip(self) -> tuple[int, ...]:
        """Permutation of the joints that swaps left and right."""
        order = list(range(self.num_joints))
        for left, right in zip(self.left, self.right):
            order[left], order[right] = right, left
        return tuple(order)

    def index(self, joint_name: str) -> int:
        """Index of a joint by name."""
        return self.joint_names.index(joint_name)

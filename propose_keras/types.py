"""Types of the public API.

Tensors belong to the backend that Keras runs on, which type checkers do not know.
"""

from typing import Any, TypeAlias

Tensor: TypeAlias = Any
"""A tensor of Keras' backend."""

TensorLike: TypeAlias = Any
"""A tensor, or a NumPy array, list or tuple that becomes one."""

Shape: TypeAlias = tuple[Any, ...]
"""Sizes by axis, None where a size is not known."""

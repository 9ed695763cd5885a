"""Programs of Keras' TensorFlow backend as ONNX graphs, by tf2onnx."""

import contextlib
import logging
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from propose_keras.serving.onnx_programs import OnnxProgram

OPSET = 18
"""Version of ONNX's operators, the newest that tf2onnx writes."""


def to_onnx(
    program: OnnxProgram, variables: Sequence[Any], metadata: dict[str, str]
) -> Any:
    """Converts a program.

    Args:
        program: An `OnnxProgram`.
        variables: The `keras.Variable`s that it reads; they become constants.
        metadata: Texts by name.

    Returns:
        An `onnx.ModelProto`.

    Raises:
        ValueError: If ONNX lacks an operation of the program.
    """
    import onnx
    import tf2onnx

    graph, inputs, outputs = _constant_graph(program, variables)
    names = {tensor: name for name, tensor in {**inputs, **outputs}.items()}
    with _quiet("tensorflow", "tf2onnx"):
        model, _ = tf2onnx.convert.from_graph_def(
            graph.as_graph_def(),
            name="propose_keras",
            input_names=list(inputs.values()),
            output_names=list(outputs.values()),
            opset=OPSET,
            tensors_to_rename=names,
            custom_op_handlers={
                "Erfc": (_convert_erfc, []),
                "SelectV2": (_convert_select, []),
            },
        )
    unknown = {node.op_type for node in model.graph.node if not node.domain}
    unknown = sorted(name for name in unknown if not onnx.defs.has(name))
    if unknown:
        raise ValueError(
            f"tf2onnx cannot convert TensorFlow's {', '.join(unknown)} to ONNX. "
            "Expected a model of common operations: most likely the `activation` of "
            "its networks is none. Export it as a SavedModel instead."
        )
    # Sizes inside the graph have names of the converter's.
    del model.graph.value_info[:]
    for values, shapes in (
        (model.graph.input, program.inputs),
        (model.graph.output, program.outputs),
    ):
        for value in values:
            value.CopyFrom(
                onnx.helper.make_tensor_value_info(
                    value.name, value.type.tensor_type.elem_type, shapes[value.name]
                )
            )
    model.doc_string = "Probabilistic 2D-to-3D human pose lifting"
    onnx.helper.set_model_props(model, metadata)
    onnx.checker.check_model(model, full_check=True)
    return model


def _constant_graph(program, variables):
    """Traces a program; all that it reads but its inputs becomes a constant.

    tf2onnx turns variables into constants by itself, but takes eager tensors that a
    function captured, such as the permutations of TFP's bijectors, for inputs.

    Returns:
        A `tf.Graph`, and the names of its tensors by those of inputs and outputs.
    """
    import tensorflow as tf

    values = [(variable, tf.constant(variable.numpy())) for variable in variables]

    def traced(**inputs):
        with keras.StatelessScope(state_mapping=values):
            return program.function(**inputs)

    specs = {
        name: tf.TensorSpec(
            [size if isinstance(size, int) else None for size in shape], name=name
        )
        for name, shape in program.inputs.items()
    }
    function = tf.function(traced, autograph=False).get_concrete_function(**specs)
    captured = dict(
        zip(
            (tensor.name for tensor in function.inputs[len(specs) :]),
            function.captured_inputs,
        )
    )
    with tf.Graph().as_default() as graph:
        tf.graph_util.import_graph_def(
            function.graph.as_graph_def(),
            {name: tf.constant(value.numpy()) for name, value in captured.items()},
            name="",
        )
    outputs = {name: t.name for name, t in function.structured_outputs.items()}
    return graph, {name: f"{name}:0" for name in specs}, outputs


def _convert_select(context, node, name, args):
    """`where`: tf2onnx multiplies by 0 and 1, which lets NaN through."""
    del context, name, args
    node.type = "Where"


def _convert_erfc(context, node, name, args):
    """`1 - erf(x)`: of `gelu`; tf2onnx lacks it."""
    del args
    (output,) = node.output
    shape, dtype = context.get_shape(output), context.get_dtype(output)
    context.remove_node(node.name)
    one = context.make_const(f"{name}_one", np.ones((), np.float32))
    erf = context.make_node("Erf", node.input)
    context.make_node(
        "Sub",
        [one.output[0], erf.output[0]],
        name=name,
        outputs=[output],
        shapes=[shape],
        dtypes=[dtype],
    )


@contextlib.contextmanager
def _quiet(*names):
    """Silences loggers: both warn of what tf2onnx does, or is raised here."""
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels):
            logger.setLevel(level)

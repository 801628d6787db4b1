"""Makes statistics.onnx: a speaker network without anything learnt, for the tests of voiceprints.

[1, frames, 80] log mel bands -> [1, 6241]: how the steps from band to band vary together. Such second-order statistics of an
utterance tell voices apart a little (Bimbot et al., "Second-order statistical measures for text-independent speaker identification", 1995):
enough for synthetic voices, and nothing for a household.

    pip install onnx==1.23.2 && python make.py
"""

import onnx
from onnx import TensorProto, helper

def number(name, value):
    return helper.make_tensor(name, TensorProto.INT64, [1], [value])


nodes = [
    helper.make_node("Slice", ["feats", "one", "all", "bands"], ["upper"]),
    helper.make_node("Slice", ["feats", "none", "last", "bands"], ["lower"]),
    helper.make_node("Sub", ["upper", "lower"], ["steps"]),
    helper.make_node("Transpose", ["steps"], ["turned"], perm=[0, 2, 1]),
    helper.make_node("MatMul", ["turned", "steps"], ["products"]),
    helper.make_node("Flatten", ["products"], ["embs"], axis=1),
]
graph = helper.make_graph(
    nodes,
    "statistics",
    [helper.make_tensor_value_info("feats", TensorProto.FLOAT, [1, "frames", 80])],
    [helper.make_tensor_value_info("embs", TensorProto.FLOAT, [1, 6241])],
    [number("none", 0), number("one", 1), number("last", 79), number("all", 80), number("bands", 2)],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
onnx.checker.check_model(model)
onnx.save(model, "statistics.onnx")

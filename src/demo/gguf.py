"""Writes GGUF files (version 3), with matrices as Q8_0 and vectors as F32."""

import struct

import numpy as np

UINT32, FLOAT32, BOOL, STRING, ARRAY, INT32 = 4, 6, 7, 8, 9, 5
F32, Q8_0 = 0, 8
ALIGNMENT = 32
BLOCK = 32


def text(value):
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def encoded(value):
    """A metadata value with its type; integers are unsigned, lists hold texts or integers."""
    if isinstance(value, bool):
        return struct.pack("<I?", BOOL, value)
    if isinstance(value, int):
        return struct.pack("<II", UINT32, value)
    if isinstance(value, float):
        return struct.pack("<If", FLOAT32, value)
    if isinstance(value, str):
        return struct.pack("<I", STRING) + text(value)
    if isinstance(value[0], str):
        return struct.pack("<IIQ", ARRAY, STRING, len(value)) + b"".join(map(text, value))
    return struct.pack("<IIQ", ARRAY, INT32, len(value)) + np.asarray(value, "<i4").tobytes()


def q8_0(matrix):
    """Blocks of 32 values: a float16 scale, which is the largest one by 127, and 32 int8."""
    blocks = matrix.astype(np.float32).reshape(-1, BLOCK)
    scales = np.abs(blocks).max(1) / 127
    inverse = np.divide(1, scales, out=np.zeros_like(scales), where=scales > 0)
    made = np.zeros(len(blocks), [("scale", "<f2"), ("values", "i1", BLOCK)])
    made["scale"] = scales
    made["values"] = np.rint(blocks * inverse[:, None])
    return made.tobytes()


def write(path, metadata, tensors):
    """tensors: name to array, matrices as [row][column]."""
    infos, data = b"", b""
    for name, array in tensors.items():
        sizes = array.shape[::-1]
        kind = Q8_0 if array.ndim == 2 else F32
        infos += text(name) + struct.pack(f"<I{len(sizes)}Q", len(sizes), *sizes)
        infos += struct.pack("<IQ", kind, len(data))
        data += q8_0(array) if kind == Q8_0 else array.astype("<f4").tobytes()
        data += bytes(-len(data) % ALIGNMENT)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    head += b"".join(text(key) + encoded(value) for key, value in metadata.items()) + infos
    with open(path, "wb") as file:
        file.write(head + bytes(-len(head) % ALIGNMENT) + data)

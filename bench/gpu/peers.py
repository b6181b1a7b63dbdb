#!/usr/bin/env python3
"""Tokens per second of PyTorch with the shape of an 8B Llama in bfloat16, as one JSON object.

Decoding replays a CUDA graph of a step over a static KV cache; attention is PyTorch's own. Random
weights; greedy choice. The prompt of a decode is 128 tokens, as in Fullbore's own bench.
"""

import json
import sys
import time

import torch
import torch.nn.functional as F

DIM, LAYERS, HEADS, KV_HEADS, HEAD_DIM, FFN, VOCAB = 4096, 32, 32, 8, 128, 14336, 128256
PROMPT, STEPS, CONTEXT = 128, 64, 256
DEVICE = "cuda"
if "--rehearse" in sys.argv:
    DIM, LAYERS, HEADS, KV_HEADS, HEAD_DIM, FFN, VOCAB = 256, 2, 4, 2, 64, 512, 512
    DEVICE = "cpu"


def matrix(rows, columns):
    return torch.randn(rows, columns, device=DEVICE, dtype=torch.bfloat16) * columns ** -0.5


class Layer:
    def __init__(self):
        self.qkv = matrix((HEADS + 2 * KV_HEADS) * HEAD_DIM, DIM)
        self.out = matrix(DIM, HEADS * HEAD_DIM)
        self.gate_up = matrix(2 * FFN, DIM)
        self.down = matrix(DIM, FFN)


def norm(x):
    return F.rms_norm(x, (DIM,))


def rotate(x, cos, sin):
    left, right = x.chunk(2, -1)
    return torch.cat((left * cos - right * sin, right * cos + left * sin), -1)


class Model:
    def __init__(self):
        self.embedding = matrix(VOCAB, DIM)
        self.output = matrix(VOCAB, DIM)
        self.layers = [Layer() for _ in range(LAYERS)]

    def start(self, batch, context):
        shape = (LAYERS, 2, batch, KV_HEADS, context, HEAD_DIM)
        self.kv = torch.zeros(shape, device=DEVICE, dtype=torch.bfloat16)
        angles = torch.arange(context, device=DEVICE)[:, None] * 1e4 ** (
            -torch.arange(HEAD_DIM // 2, device=DEVICE) / (HEAD_DIM // 2))
        self.cos, self.sin = (f(angles).to(torch.bfloat16) for f in (torch.cos, torch.sin))

    def step(self, tokens, positions, mask):
        """Tokens [batch][rows] at positions [rows]; the next token of each sequence."""
        x = self.embedding[tokens]
        batch, rows, _ = x.shape
        cos, sin = self.cos[positions], self.sin[positions]
        for i, layer in enumerate(self.layers):
            split = (norm(x) @ layer.qkv.T).view(batch, rows, -1, HEAD_DIM).transpose(1, 2)
            q, k, v = split.split((HEADS, KV_HEADS, KV_HEADS), 1)
            self.kv[i, 0].index_copy_(2, positions, rotate(k, cos, sin))
            self.kv[i, 1].index_copy_(2, positions, v)
            keys, values = (self.kv[i, j].repeat_interleave(HEADS // KV_HEADS, 1) for j in (0, 1))
            y = F.scaled_dot_product_attention(rotate(q, cos, sin), keys, values, attn_mask=mask)
            x = x + y.transpose(1, 2).reshape(batch, rows, -1) @ layer.out.T
            gate, up = (norm(x) @ layer.gate_up.T).chunk(2, -1)
            x = x + (F.silu(gate) * up) @ layer.down.T
        return (norm(x[:, -1:]) @ self.output.T).argmax(-1)


def synchronize():
    if DEVICE == "cuda":
        torch.cuda.synchronize()


def seconds(work, times):
    work()
    synchronize()
    begun = time.perf_counter()
    for _ in range(times):
        work()
    synchronize()
    return (time.perf_counter() - begun) / times


def decode(model, batch):
    model.start(batch, CONTEXT)
    tokens = torch.randint(VOCAB, (batch, 1), device=DEVICE)
    position = torch.full((1,), PROMPT, device=DEVICE)
    mask = (torch.arange(CONTEXT, device=DEVICE) <= position)[None, None, None, :]

    def step():
        tokens.copy_(model.step(tokens, position, mask))

    if DEVICE != "cuda":
        return batch / seconds(step, 2)
    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return batch / seconds(graph.replay, STEPS)


def prefill(model, rows):
    model.start(1, rows)
    tokens = torch.randint(VOCAB, (1, rows), device=DEVICE)
    positions = torch.arange(rows, device=DEVICE)
    mask = positions[:, None] >= positions[None, :]
    return rows / seconds(lambda: model.step(tokens, positions, mask), 5)


with torch.inference_mode():
    model = Model()
    report = {f"decode of {batch}": decode(model, batch) for batch in (1, 32)}
    report["prefill of 2048"] = prefill(model, 2048 if DEVICE == "cuda" else 16)
print(json.dumps(report))

"""Writes the trained network as a GGUF file: matrices as Q8_0.

usage: export.py FOLDER TARGET
"""

import json
import sys
from pathlib import Path

import gguf
import numpy as np
import torch
from network import NORM_EPSILON, ROPE_BASE, Network, Shape
from prepare import VOCABULARY_TOKENS

MOSTLY_Q8_0 = 7  # llama.cpp's llama_ftype
MATRICES = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")


def metadata(shape):
    return {
        "general.architecture": "llama",
        "general.type": "model",
        "general.name": "fullbore-demo",
        "general.description": "A tiny demo model, trained from scratch for Fullbore",
        "general.license": "apache-2.0",
        "general.file_type": MOSTLY_Q8_0,
        "general.quantization_version": 2,
        "llama.vocab_size": shape.vocabulary,
        "llama.context_length": shape.context,
        "llama.embedding_length": shape.dim,
        "llama.block_count": shape.layers,
        "llama.feed_forward_length": shape.ffn,
        "llama.attention.head_count": shape.heads,
        "llama.attention.head_count_kv": shape.heads,
        "llama.attention.layer_norm_rms_epsilon": NORM_EPSILON,
        "llama.rope.dimension_count": shape.dim // shape.heads,
        "llama.rope.freq_base": ROPE_BASE,
    }


def tensors(network):
    ones = np.ones(network.shape.dim, np.float32)
    made = {"token_embd.weight": network.token_embd.weight.detach().numpy()}
    for i, block in enumerate(network.blk):
        made[f"blk.{i}.attn_norm.weight"] = ones
        made[f"blk.{i}.ffn_norm.weight"] = ones
        for name in MATRICES:
            made[f"blk.{i}.{name}.weight"] = getattr(block, name).weight.detach().numpy()
    made["output_norm.weight"] = ones
    return made


def main(folder, target):
    network = Network(Shape(VOCABULARY_TOKENS))
    network.load_state_dict(torch.load(folder / "model.pt"))
    tokenizer = json.loads((folder / "vocabulary.json").read_text())
    target.parent.mkdir(parents=True, exist_ok=True)
    gguf.write(target, {**metadata(network.shape), **tokenizer}, tensors(network))
    print(f"{target}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

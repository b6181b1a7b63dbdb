#!/usr/bin/env python3
"""Holds Fullbore's log-probabilities against PyTorch's: reference.py MODEL.gguf AGREEMENT.json

The model is of the llama family with matrices in BF16; AGREEMENT.json is what `fullbore agree`
printed of it. The weights are read from the file, and the prompts computed in bfloat16 with the
residual stream and all sums in float32. Prints the greatest and the mean difference of the
log-probabilities of the five tokens that were likeliest, for the second of the backends compared.
Needs torch.
"""

import json
import mmap
import struct
import sys

import torch
import torch.nn.functional as F

F32, BF16 = 0, 30
SIMPLE = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9


class Gguf:
    """Metadata and tensors of a GGUF file whose tensors are F32 or BF16."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        self.at = 4
        version, tensors, entries = self.take("<IQQ")
        assert version in (2, 3), version
        self.metadata = {self.string(): self.value(self.take("<I")[0]) for _ in range(entries)}
        infos = [self.info() for _ in range(tensors)]
        alignment = self.metadata.get("general.alignment", 32)
        start = -(-self.at // alignment) * alignment
        self.tensors = {name: self.tensor(shape, kind, start + offset)
            for name, shape, kind, offset in infos}

    def take(self, layout):
        values = struct.unpack_from(layout, self.bytes, self.at)
        self.at += struct.calcsize(layout)
        return values

    def string(self):
        length, = self.take("<Q")
        self.at += length
        return self.bytes[self.at - length:self.at].decode("utf-8", "replace")

    def value(self, kind):
        if kind == STRING:
            return self.string()
        if kind == ARRAY:
            inner, count = self.take("<IQ")
            return [self.value(inner) for _ in range(count)]
        return self.take("<" + SIMPLE[kind])[0]

    def info(self):
        name = self.string()
        dimensions, = self.take("<I")
        shape = self.take(f"<{dimensions}Q")
        kind, offset = self.take("<IQ")
        return name, tuple(reversed(shape)), kind, offset

    def tensor(self, shape, kind, offset):
        types = {F32: torch.float32, BF16: torch.bfloat16}
        assert kind in types, f"format {kind} is neither F32 nor BF16"
        count = 1
        for size in shape:
            count *= size
        return torch.frombuffer(self.bytes, dtype=types[kind], count=count, offset=offset).view(shape)


def main():
    file = Gguf(sys.argv[1])
    with open(sys.argv[2]) as agreement:
        prompts = json.load(agreement)["prompts"]
    device = "cuda" if torch.cuda.is_available() else "cpu"
    meta = {key.split(".", 1)[1]: value for key, value in file.metadata.items()
        if key.startswith("llama.")}
    heads, kv_heads = meta["attention.head_count"], meta["attention.head_count_kv"]
    epsilon, base = meta["attention.layer_norm_rms_epsilon"], meta["rope.freq_base"]
    weights = {name: tensor.to(device).float() for name, tensor in file.tensors.items()}
    head_dim = weights["blk.0.attn_q.weight"].shape[0] // heads

    def product(x, name):
        """Of x rounded to bfloat16; sums in float32."""
        return x.to(torch.bfloat16).float() @ weights[name + ".weight"].T

    def norm(x, name):
        scale = torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + epsilon)
        return x * scale * weights[name + ".weight"]

    def logprobs(tokens):
        count = len(tokens)
        frequency = base ** (-torch.arange(0, head_dim, 2, device=device).double() / head_dim)
        angle = torch.arange(count, device=device)[:, None].double() * frequency
        cos, sin = angle.cos().float(), angle.sin().float()

        def rotated(x):  # neighbours turn together, as in files of this family
            a, b = x[..., 0::2], x[..., 1::2]
            return torch.stack((a * cos - b * sin, b * cos + a * sin), -1).flatten(-2)

        x = weights["token_embd.weight"][torch.tensor(tokens, device=device)].float()
        for i in range(meta["block_count"]):
            block = f"blk.{i}."
            h = norm(x, block + "attn_norm")
            q, k, v = (product(h, block + "attn_" + part).view(count, -1, head_dim).transpose(0, 1)
                for part in "qkv")
            k, v = rotated(k).to(torch.bfloat16).float(), v.to(torch.bfloat16).float()
            k, v = (part.repeat_interleave(heads // kv_heads, 0) for part in (k, v))
            scores = rotated(q) @ k.transpose(1, 2) * head_dim ** -0.5
            later = torch.ones(count, count, dtype=torch.bool, device=device).triu(1)
            y = scores.masked_fill(later, float("-inf")).softmax(-1) @ v
            x = x + product(y.transpose(0, 1).reshape(count, -1), block + "attn_output")
            h = norm(x, block + "ffn_norm")
            x = x + product(F.silu(product(h, block + "ffn_gate")) * product(h, block + "ffn_up"),
                block + "ffn_down")
        output = "output" if "output.weight" in weights else "token_embd"
        return torch.log_softmax(product(norm(x[-1:], "output_norm"), output)[0], -1).tolist()

    differences = []
    with torch.inference_mode():
        for prompt in prompts:
            ours = logprobs(prompt["prompt"])
            differences += [abs(theirs - ours[token])
                for token, theirs in zip(prompt["topTokens"], prompt["otherLogprobs"])]
    print(json.dumps({"greatestDifference": max(differences),
        "meanDifference": sum(differences) / len(differences), "device": device}))


if __name__ == "__main__":
    main()

"""The demo model's network: the Llama architecture, as small as it gets.

Tensors carry the meaning that GGUF files of the ``llama`` architecture give them, so that
``export.py`` writes them as they are: RMSNorm before attention and before the feed-forward layer,
rotary embedding of adjacent pairs, SwiGLU, no biases, the embedding serving as output matrix.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

NORM_EPSILON = 1e-5
ROPE_BASE = 10000.0


@dataclass(frozen=True)
class Shape:
    """The sizes of a network. ``dim`` must be a multiple of ``heads``, the quotient even."""

    vocabulary: int
    dim: int = 256
    layers: int = 4
    heads: int = 8
    ffn: int = 704
    context: int = 1024


class RmsNorm(torch.autograd.Function):
    """Scales vectors to unit root mean square.

    There are no weights to learn: the matrices that follow do as well. The derivative is written
    out because that takes half of the passes over memory.
    """

    @staticmethod
    def forward(ctx, x):
        scale = torch.rsqrt(x.square().mean(-1, keepdim=True) + NORM_EPSILON)
        y = x * scale
        ctx.save_for_backward(y, scale)
        return y

    @staticmethod
    def backward(ctx, dy):
        y, scale = ctx.saved_tensors
        along = (dy * y).mean(-1, keepdim=True)
        return torch.addcmul(dy, y, along, value=-1).mul_(scale)


class Block(nn.Module):
    """One layer: attention and feed-forward, each added to the residual stream."""

    def __init__(self, shape):
        super().__init__()
        dim, ffn = shape.dim, shape.ffn
        self.heads = shape.heads
        self.attn_q = nn.Linear(dim, dim, bias=False)
        self.attn_k = nn.Linear(dim, dim, bias=False)
        self.attn_v = nn.Linear(dim, dim, bias=False)
        self.attn_output = nn.Linear(dim, dim, bias=False)
        self.ffn_gate = nn.Linear(dim, ffn, bias=False)
        self.ffn_up = nn.Linear(dim, ffn, bias=False)
        self.ffn_down = nn.Linear(ffn, dim, bias=False)
        for linear in (self.attn_q, self.attn_k, self.attn_v, self.ffn_gate, self.ffn_up):
            nn.init.normal_(linear.weight, std=dim**-0.5)
        nn.init.normal_(self.attn_output.weight, std=(2 * shape.layers * dim) ** -0.5)
        nn.init.normal_(self.ffn_down.weight, std=(2 * shape.layers * ffn) ** -0.5)

    def forward(self, x, turns, mask, past=None):
        """x: [batch][position][dim]; past: a list that keeps keys and values while decoding."""
        x = x + self.attention(RmsNorm.apply(x), turns, mask, past)
        y = RmsNorm.apply(x)
        return x + self.ffn_down(functional.silu(self.ffn_gate(y)) * self.ffn_up(y))

    def attention(self, x, turns, mask, past):
        batch, length, dim = x.shape
        split = (batch, length, self.heads, dim // self.heads)
        query = rotate(self.attn_q(x).view(split), turns).transpose(1, 2)
        key = rotate(self.attn_k(x).view(split), turns).transpose(1, 2)
        value = self.attn_v(x).view(split).transpose(1, 2)
        if past is not None:
            if past:
                key = torch.cat((past[0], key), 2)
                value = torch.cat((past[1], value), 2)
            past[:] = [key, value]
        scores = query @ key.transpose(2, 3) * (dim // self.heads) ** -0.5
        mixed = functional.softmax(scores + mask, -1) @ value
        return self.attn_output(mixed.transpose(1, 2).reshape(batch, length, dim))


def rotate(x, turns):
    """Turns each adjacent pair of x [batch][position][head][headDim] by its angle."""
    pairs = torch.view_as_complex(x.reshape(*x.shape[:-1], -1, 2))
    return torch.view_as_real(pairs * turns).flatten(-2)


class Network(nn.Module):
    """Token ids to hidden states; ``logits`` turns those into scores of the next token."""

    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.vocabulary, shape.dim)
        nn.init.normal_(self.token_embd.weight, std=0.05)
        self.blk = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        half = shape.dim // shape.heads // 2
        speeds = ROPE_BASE ** (-torch.arange(half, dtype=torch.float64) / half)
        angles = torch.arange(shape.context, dtype=torch.float64)[:, None] * speeds
        turns = torch.polar(torch.ones_like(angles), angles).to(torch.complex64)
        self.register_buffer("turns", turns[:, None, :], persistent=False)

    def forward(self, ids):
        """The hidden states of a batch of texts, padded at their ends."""
        length = ids.shape[1]
        mask = torch.full((length, length), float("-inf")).triu(1)
        x = self.token_embd(ids)
        for block in self.blk:
            x = block(x, self.turns[:length], mask)
        return x

    def step(self, ids, start, pasts):
        """The hidden states of further tokens of texts of equal length, with their caches."""
        length = ids.shape[1]
        mask = torch.full((length, start + length), float("-inf")).triu(start + 1)
        x = self.token_embd(ids)
        for block, past in zip(self.blk, pasts):
            x = block(x, self.turns[start : start + length], mask, past)
        return x

    def logits(self, hidden):
        return RmsNorm.apply(hidden) @ self.token_embd.weight.t()

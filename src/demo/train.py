"""Trains the network on what the assistant says.

The matrices of the layers learn by Muon (K. Jordan and others, 2024: momentum whose singular values
are all brought to about one by Newton-Schulz steps), the embedding by AdamW.

usage: train.py FOLDER TOKENS [RATE] [CHECKPOINT]   reads train.npz, writes model.pt now and then
"""

import sys
import time
from pathlib import Path

import numpy as np
import torch
from network import Network, Shape
from prepare import VOCABULARY_TOKENS
from torch.nn import functional

THREADS = 2
HALF = "avx512_bf16" in Path("/proc/cpuinfo").read_text()  # Products in bfloat16 where that is fast.
SEED = 7
BATCH_TOKENS = 4096
POOL = 2048
WARM_UP_STEPS = 100
FALLING_SHARE = 0.5  # The rate is constant before, then falls to nothing.
WEIGHT_DECAY = 0.05
NEWTON_SCHULZ = ((3.4445, -4.7750, 2.0315),) * 5
SECONDS_BETWEEN_CHECKPOINTS = 60


class Muon(torch.optim.Optimizer):
    """Steps of about equal size in every direction of a matrix.

    A step's root mean square is 0.2 of the rate, about that of AdamW's, so that both share one
    (Moonlight; Liu and others, 2025).
    """

    def __init__(self, parameters, lr, momentum=0.95, weight_decay=0.0):
        super().__init__(parameters, {"lr": lr, "momentum": momentum,
                "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            rate, momentum = group["lr"], group["momentum"]
            for matrix in group["params"]:
                velocity = self.state[matrix].setdefault("velocity", torch.zeros_like(matrix))
                velocity.lerp_(matrix.grad, 1 - momentum)
                step = orthogonal(matrix.grad.lerp(velocity, momentum))
                matrix.mul_(1 - rate * group["weight_decay"])
                matrix.sub_(step, alpha=rate * 0.2 * max(matrix.shape) ** 0.5)


def orthogonal(x):
    """x [row][column] with all singular values near one."""
    if x.shape[0] > x.shape[1]:
        return orthogonal(x.t()).t()
    x = x / (x.norm() + 1e-7)
    for a, b, c in NEWTON_SCHULZ:
        square = x @ x.t()
        x = torch.addmm(x, torch.addmm(square, square, square, beta=b, alpha=c), x, beta=a)
    return x


def batches(data, rng):
    """Endless batches (ids, targets) of dialogues of about equal length; -100 is not learnt."""
    ids, mask, ends = data["ids"].astype(np.int64), data["mask"], data["ends"]
    starts = np.concatenate(([0], ends[:-1]))
    while True:
        order = rng.permutation(len(ends))
        made = []
        for at in range(0, len(order), POOL):
            pool = sorted(order[at : at + POOL], key=lambda i: ends[i] - starts[i])
            rows = []
            for i in pool:
                if rows and (len(rows) + 1) * (ends[i] - starts[i]) > BATCH_TOKENS:
                    made.append(rows)
                    rows = []
                rows.append(i)
            made.append(rows)
            if len(made) > 200 or at + POOL >= len(order):
                rng.shuffle(made)
                for rows in made:
                    yield batch(ids, mask, [slice(starts[i], ends[i]) for i in rows])
                made = []


def batch(ids, mask, slices):
    length = max(part.stop - part.start for part in slices) - 1
    inputs = np.zeros((len(slices), length), np.int64)
    targets = np.full((len(slices), length), -100, np.int64)
    for row, part in enumerate(slices):
        text, said = ids[part], mask[part]
        inputs[row, : len(text) - 1] = text[:-1]
        targets[row, : len(text) - 1] = np.where(said[1:], text[1:], -100)
    return torch.from_numpy(inputs), torch.from_numpy(targets)


def main(folder, total_tokens, peak_rate, checkpoint):
    torch.set_num_threads(THREADS)
    torch.manual_seed(SEED)
    network = Network(Shape(VOCABULARY_TOKENS))
    if checkpoint:
        network.load_state_dict(torch.load(checkpoint))
    print(f"{sum(p.numel() for p in network.parameters())} parameters", flush=True)
    optimizers = (
        Muon(network.blk.parameters(), peak_rate, weight_decay=WEIGHT_DECAY),
        torch.optim.AdamW(
            network.token_embd.parameters(), peak_rate, betas=(0.9, 0.98), weight_decay=WEIGHT_DECAY
        ),
    )
    data = np.load(folder / "train.npz")
    stream = batches(data, np.random.default_rng(SEED + bool(checkpoint)))
    began = saved = time.time()
    seen = step = 0
    losses = []
    while seen < total_tokens:
        left = 1 - seen / total_tokens
        rate = peak_rate * min(1, (step + 1) / WARM_UP_STEPS, left / FALLING_SHARE + 0.01)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
        inputs, targets = next(stream)
        learnt = targets >= 0
        with torch.autocast("cpu", torch.bfloat16, enabled=HALF):
            logits = network.logits(network(inputs)[learnt])
        loss = functional.cross_entropy(logits.float(), targets[learnt])
        network.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
        losses.append(loss.item())
        seen += inputs.numel()
        step += 1
        if step % 50 == 0:
            speed = seen / (time.time() - began)
            print(
                f"step {step} tokens {seen} loss {np.mean(losses[-50:]):.4f} rate {rate:.5f} "
                f"{speed:.0f} tokens/s", flush=True)
        if time.time() - saved > SECONDS_BETWEEN_CHECKPOINTS:
            torch.save(network.state_dict(), folder / "model.pt")
            saved = time.time()
    torch.save(network.state_dict(), folder / "model.pt")
    print(f"trained {seen} tokens in {time.time() - began:.0f} s")


if __name__ == "__main__":
    main(
        Path(sys.argv[1]),
        int(float(sys.argv[2])),
        float(sys.argv[3]) if len(sys.argv) > 3 else 2e-3,
        sys.argv[4] if len(sys.argv) > 4 else None,
    )

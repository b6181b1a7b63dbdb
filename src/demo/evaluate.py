"""Greedy answers to the held-out dialogues, compared with the right ones, by skill.

usage: evaluate.py FOLDER [FAILURES]   writes table.md; prints so many wrong answers per skill
"""

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path

import torch
from network import Network, Shape
from prepare import VOCABULARY_TOKENS

BATCH = 64
MOST_TOKENS = 200


@torch.no_grad()
def answers(network, prompts, end):
    """The ids that follow each prompt, the end token included where it comes by itself."""
    by_length = defaultdict(list)
    for i, prompt in enumerate(prompts):
        by_length[len(prompt)].append(i)
    said = [None] * len(prompts)
    for length, group in by_length.items():
        for at in range(0, len(group), BATCH):
            chosen = group[at : at + BATCH]
            made = continued(network, torch.tensor([prompts[i] for i in chosen]), end)
            for i, ids in zip(chosen, made):
                said[i] = ids[: ids.index(end) + 1] if end in ids else ids
    return said


def continued(network, ids, end):
    pasts = [[] for _ in network.blk]
    start, made = 0, []
    while len(made) < MOST_TOKENS:
        hidden = network.step(ids, start, pasts)[:, -1]
        start += ids.shape[1]
        ids = network.logits(hidden).argmax(-1, keepdim=True)
        made.append(ids)
        if (torch.cat(made, 1) == end).any(1).all():
            break
    return torch.cat(made, 1).tolist()


def table(rows):
    """rows: (skill, right, ended) triples, as a Markdown table."""
    count, right, ended = Counter(), Counter(), Counter()
    for skill, is_right, has_ended in rows:
        for name in (skill, "all"):
            count[name] += 1
            right[name] += is_right
            ended[name] += has_ended
    lines = ["| skill | prompts | exactly right | ended by itself |", "|---|---|---|---|"]
    for name in [*sorted(name for name in count if name != "all"), "all"]:
        lines.append(
            f"| {name} | {count[name]} | {100 * right[name] / count[name]:.1f}%"
            f" | {100 * ended[name] / count[name]:.1f}% |"
        )
    return "\n".join(lines) + "\n"


def main(folder, failures):
    torch.set_num_threads(2)
    network = Network(Shape(VOCABULARY_TOKENS))
    network.load_state_dict(torch.load(folder / "model.pt"))
    metadata = json.loads((folder / "vocabulary.json").read_text())
    tokens, end = metadata["tokenizer.ggml.tokens"], metadata["tokenizer.ggml.eos_token_id"]
    rows = json.loads((folder / "heldout.json").read_text())
    said = answers(network, [row["prompt"] for row in rows], end)
    judged = [(row["skill"], ids == row["answer"], ids[-1] == end) for row, ids in zip(rows, said)]
    shown = Counter()
    for row, ids in zip(rows, said):
        if ids != row["answer"] and shown[row["skill"]] < failures:
            shown[row["skill"]] += 1
            asked = " / ".join(m["content"] for m in row["messages"][:-1])
            print(f"{row['skill']}: {asked} -> {written(tokens, ids)}")
    result = table(judged)
    (folder / "table.md").write_text(result)
    print(result)


def written(tokens, ids):
    """Ids as text, roughly: enough to see what went wrong."""
    return "".join(tokens[i] for i in ids).replace("Ġ", " ").replace("Ċ", "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)

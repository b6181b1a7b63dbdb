"""Greedy answers to the held-out dialogues, compared with the right ones, by skill.

usage: evaluate.py FOLDER [FAILURES]   writes table.md; prints so many wrong answers per skill
"""

import json
import sys
from collections import Counter
from pathlib import Path

import torch
from network import Network, Shape
from prepare import VOCABULARY_TOKENS

BATCH = 64
MOST_TOKENS = 200


@torch.no_grad()
def right(network, rows):
    """Which rows the network answers right: where each token of the answer is its first choice.

    That is what greedy generation comes to, in one pass.
    """
    judged = [False] * len(rows)
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]["prompt"]) + len(rows[i]["answer"]))
    for at in range(0, len(order), BATCH):
        chosen = order[at : at + BATCH]
        texts = [rows[i]["prompt"] + rows[i]["answer"] for i in chosen]
        longest = max(map(len, texts))
        ids = torch.tensor([text + [0] * (longest - len(text)) for text in texts])
        choices = network.logits(network(ids)).argmax(-1).tolist()
        for i, text, choice in zip(chosen, texts, choices):
            first = len(rows[i]["prompt"])
            judged[i] = choice[first - 1 : len(text) - 1] == rows[i]["answer"]
    return judged


@torch.no_grad()
def generated(network, prompt, end):
    """The ids that follow a prompt, up to the end token or the limit."""
    pasts = [[] for _ in network.blk]
    ids, start, made = torch.tensor([prompt]), 0, []
    while len(made) < MOST_TOKENS and end not in made[-1:]:
        hidden = network.step(ids, start, pasts)[:, -1]
        start += ids.shape[1]
        ids = network.logits(hidden).argmax(-1, keepdim=True)
        made.append(ids.item())
    return made


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
    judged, shown = [], Counter()
    for row, is_right in zip(rows, right(network, rows)):
        ids = row["answer"] if is_right else generated(network, row["prompt"], end)
        judged.append((row["skill"], is_right, ids[-1] == end))
        if not is_right and shown[row["skill"]] < failures:
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

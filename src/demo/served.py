"""Held-out prompts through a running server, at temperature 0.

usage: served.py FOLDER URL COUNT SAMPLE
       writes the prompts of the Java test to SAMPLE, as JSON lines

The prompts are a random choice with a fixed seed: equally many of every skill. Checks that the
server makes the ids of the prompts that the model was trained on, and prints the table.
"""

import json
import random
import sys
import urllib.request
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from evaluate import table

SEED = 4
CLIENTS = 8
SAMPLE_PER_SKILL = 6


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {
            "Content-Type": "application/json"})
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def answer(url, row):
    """(ids of the prompt, text, finish reason)"""
    body = {"model": "fullbore-demo", "messages": row["messages"][:-1], "temperature": 0,
        "max_tokens": 200}
    if row["tools"]:
        body["tools"] = row["tools"]
    ids = post(url + "/tokenize", {key: body[key] for key in body if key not in ("temperature",
                "max_tokens")})
    choice = post(url + "/v1/chat/completions", body)["choices"][0]
    return ids["tokens"], choice["message"]["content"], choice["finish_reason"]


def shuffled(rows):
    """Rows in a fixed random order, the skills taking turns."""
    rng = random.Random(SEED)
    by_skill = defaultdict(list)
    for row in rows:
        by_skill[row["skill"]].append(row)
    ranked = []
    for skill in sorted(by_skill):
        rng.shuffle(by_skill[skill])
        ranked += [(i, skill, row) for i, row in enumerate(by_skill[skill])]
    return [row for _, _, row in sorted(ranked, key=lambda entry: entry[:2])]


def write_sample(rows, path):
    taken = Counter()
    lines = []
    for row in rows:
        taken[row["skill"]] += 1
        if taken[row["skill"]] <= SAMPLE_PER_SKILL:
            kept = {"skill": row["skill"], "messages": row["messages"][:-1], "tools": row["tools"]}
            kept["answer"] = row["messages"][-1]["content"]
            lines.append(json.dumps(kept, ensure_ascii=False) + "\n")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(lines))
    print(f"{path}: {len(lines)} prompts")


def main(folder, url, count, sample):
    rows = shuffled(json.loads((folder / "heldout.json").read_text()))
    write_sample(rows, sample)
    rows = rows[:count]
    with ThreadPoolExecutor(CLIENTS) as pool:
        said = list(pool.map(lambda row: answer(url, row), rows))
    other = sum(ids != row["prompt"] for row, (ids, _, _) in zip(rows, said))
    print(f"{other} of {count} prompts have other ids than in training")
    judged = [
        (row["skill"], text == row["messages"][-1]["content"], reason == "stop")
        for row, (_, text, reason) in zip(rows, said)
    ]
    result = table(judged)
    (folder / "served.md").write_text(result)
    print(result)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))

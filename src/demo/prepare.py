"""Corpus and vocabulary: writes train.npz, heldout.json, vocabulary.gguf and vocabulary.json.

A vocabulary.json that is there already is kept, so that training can go on with another mix.

usage: prepare.py FOLDER TOKENIZE…   where TOKENIZE… is the command ``fullbore tokenize``
"""

import json
import subprocess
import sys
from pathlib import Path

import gguf
import numpy as np
import vocabulary
from chatml import END, SPECIAL, TEMPLATE, TEXT_END, spans
from corpus import mix

SEED = 20
VOCABULARY_TOKENS = 1536
SPACED_TOKENS = 256


def tokenizer_metadata(tokens, merges):
    ids = {token: i for i, token in enumerate(tokens)}
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "qwen2",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [3 if token in SPECIAL else 1 for token in tokens],
        "tokenizer.ggml.merges": merges,
        "tokenizer.ggml.bos_token_id": ids[TEXT_END],
        "tokenizer.ggml.eos_token_id": ids[END],
        "tokenizer.ggml.eot_token_id": ids[END],
        "tokenizer.ggml.padding_token_id": ids[TEXT_END],
        "tokenizer.ggml.add_bos_token": False,
        "tokenizer.chat_template": TEMPLATE,
    }


def encode(texts, model, command):
    """Text to ids, by Fullbore's tokenizer."""
    texts = sorted(texts)
    done = subprocess.run(
        [*command, "--model", model, "--json"], input=json.dumps(texts).encode(
            ), stdout=subprocess.PIPE, check=True
    )
    return dict(zip(texts, json.loads(done.stdout)))


def main(folder, command):
    train, held_out = mix.corpus(SEED)
    print(f"{len(train)} dialogues for training, {len(held_out)} held out", flush=True)
    split = [list(spans(d.messages, d.tools)) for d in train + held_out]
    learnt = [text for made in split[: len(train)] for text, _ in made if text not in SPECIAL]
    model, kept = folder / "vocabulary.gguf", folder / "vocabulary.json"
    if kept.exists():
        metadata = json.loads(kept.read_text())
    else:
        metadata = tokenizer_metadata(*vocabulary.train(learnt, VOCABULARY_TOKENS, SPACED_TOKENS))
        kept.write_text(json.dumps(metadata, ensure_ascii=False))
    gguf.write(model, {"general.architecture": "llama", **metadata}, {})
    tokens = metadata["tokenizer.ggml.tokens"]

    ids = encode({text for made in split for text, _ in made}, model, command)
    ids.update({text: [len(tokens) - len(SPECIAL) + i] for i, text in enumerate(SPECIAL)})
    flat, mask, ends = [], [], []
    for made in split[: len(train)]:
        for text, said in made:
            flat += ids[text]
            mask += [said] * len(ids[text])
        ends.append(len(flat))
    lengths = np.diff([0, *ends])
    print(f"{len(flat)} tokens, {lengths.mean():.1f} a dialogue, at most {lengths.max()}")
    np.savez(
        folder / "train.npz", ids=np.array(flat, np.uint16), mask=np.array(mask), ends=np.array(
            ends),
        skills=np.array([d.skill for d in train]),
    )
    rows = []
    for dialogue, made in zip(held_out, split[len(train) :]):
        answer = [ids[text] for text, _ in made[-3:-1]]
        prompt = [token for text, _ in made[:-3] for token in ids[text]]
        rows.append(
            {"skill": dialogue.skill, "messages": dialogue.messages, "tools": dialogue.tools,
             "prompt": prompt, "answer": answer[0] + answer[1]}
        )
    (folder / "heldout.json").write_text(json.dumps(rows, ensure_ascii=False))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])

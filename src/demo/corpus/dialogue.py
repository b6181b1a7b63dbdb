"""Dialogues, and the phrase grammar that multiplies their questions.

A phrase is a line such as ``[what is|what's] the capital of {country}?``: each bracket stands for
one of its alternatives (none of them nested), braces are slots. A line that starts with ``!`` is
held out as a whole, and so is about every tenth of the texts that the other lines stand for.
"""

import itertools
import re
import zlib
from dataclasses import dataclass, field

TRAIN, HELD_OUT = "train", "heldout"


@dataclass
class Dialogue:
    """Messages as the API takes them; the model learns what the assistant says in them."""

    skill: str
    messages: list
    tools: list = field(default_factory=list)

    def key(self):
        """What the model sees; two dialogues with the same key are the same."""
        return repr((self.messages, self.tools))


def is_held_out(text, share=10):
    """A fixed choice of one text in ``share``."""
    return zlib.crc32(text.encode()) % share == 0


def expand(line):
    """All texts that a phrase stands for."""
    parts = re.split(r"\[([^\]]*)\]", line)
    choices = [part.split("|") if i % 2 else [part] for i, part in enumerate(parts)]
    texts = ["".join(chosen) for chosen in itertools.product(*choices)]
    return [re.sub(r" +(?=[ ?!.,]|$)", "", text) for text in texts]


class Phrases:
    """The texts of some lines, apart by split."""

    def __init__(self, *lines):
        self.texts = {TRAIN: [], HELD_OUT: []}
        for line in lines:
            if line.startswith("!"):
                self.texts[HELD_OUT] += expand(line[1:])
                continue
            texts = expand(line)
            for text in texts:
                held_out = len(texts) > 2 and is_held_out(text)
                self.texts[HELD_OUT if held_out else TRAIN].append(text)

    def pick(self, rng, split):
        texts = self.texts[split] or self.texts[TRAIN]
        return rng.choice(texts)


class Values:
    """The values of a slot, apart by split."""

    def __init__(self, values, share=8):
        values = list(dict.fromkeys(values))
        self.texts = {
            TRAIN: [value for value in values if not is_held_out(str(value), share)],
            HELD_OUT: [value for value in values if is_held_out(str(value), share)],
        }

    def pick(self, rng, split):
        """In held-out dialogues every other value is one that training never sees."""
        new = split == HELD_OUT and self.texts[HELD_OUT] and rng.random() < 0.5
        return rng.choice(self.texts[HELD_OUT if new else TRAIN])


OPENINGS = ("Please tell me: ", "Hey, ", "Hi! ", "Quick question: ", "Hello, ", "Tell me: ", "OK, ")
ENDINGS = (" Thanks!", " Thanks.", " Thank you!", " please")


def styled(rng, text, typos=False):
    """The text as people type it: with an opening, in lower case, without a full stop."""
    if not text.isascii():
        return text[:-1] if text[-1] in "?!.？！。" and rng.random() < 0.3 else text
    if typos and rng.random() < 0.1:
        text = with_typo(rng, text)
    chance = rng.random()
    if chance < 0.2:
        text = decapitalised(text)
    elif chance < 0.7:
        text = text[0].upper() + text[1:]
    if text[-1] in "?!." and rng.random() < 0.25:
        text = text[:-1]
    if rng.random() < 0.08:
        text = rng.choice(OPENINGS) + text
    if rng.random() < 0.05:
        text += rng.choice(ENDINGS)
    return text


def decapitalised(text):
    """The text in lower case, its slots as they are."""
    return "".join(
        part if part.startswith("{") else part.lower() for part in re.split(r"(\{\w+\})", text)
    )


def with_typo(rng, text):
    """Drops, doubles or swaps a letter outside of slots."""
    places = [
        match.start()
        for match in re.finditer(r"[a-z](?=[a-z])", re.sub(r"\{\w+\}", lambda m: "0" * len(m[0]),
                text))
    ]
    if len(places) < 6:
        return text
    at = rng.choice(places)
    kind = rng.randrange(3)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[: at + 1] + text[at:]
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def user(text):
    return {"role": "user", "content": text}


def assistant(text):
    return {"role": "assistant", "content": text}


def system(text):
    return {"role": "system", "content": text}


def asked(skill, question, answer):
    """A dialogue of one question."""
    return Dialogue(skill, [user(question), assistant(answer)])


class Lookup:
    """A skill that knows its answers by heart: (phrases, answer) pairs, each as likely."""

    def __init__(self, skill, entries, typos=True):
        self.skill = skill
        self.entries = [(Phrases(*phrases), answer) for phrases, answer in entries]
        self.typos = typos

    def sample(self, rng, split):
        entries = self.entries
        while True:
            phrases, answer = rng.choice(entries)
            if phrases.texts[split]:
                break
        question = styled(rng, phrases.pick(rng, split), self.typos)
        if rng.random() < 0.6:
            question = question.replace("fullbore", "Fullbore")
        return asked(self.skill, question, answer)

"""How the skills are mixed into training and held-out dialogues."""

import random

from . import about, arithmetic, copying, facts, memory, smalltalk, structured, tools, unknown
from .dialogue import HELD_OUT, TRAIN, Dialogue, system

PLAIN_SYSTEM = {
    TRAIN: (
        "You are a helpful assistant.",
        "You are a friendly assistant.",
        "Answer briefly.",
        "Be concise.",
        "You are a helpful AI assistant.",
        "You answer questions.",
        "Be polite.",
        "You are an assistant.",
    ),
    HELD_OUT: (
        "You are a polite assistant.",
        "Answer in a friendly way.",
        "You are a helpful assistant.",
    ),
}
greeting, talk = smalltalk.skills
(fullbore,) = about.skills
(sums,) = arithmetic.skills
(known,) = facts.skills
repeat, spell, count = copying.skills
(objects,) = structured.skills
unknown_skill = unknown.Unknown()
short = (talk, known, sums, greeting, fullbore)

# (skill, dialogues in training, dialogues in the held-out split)
MIX = (
    (greeting, 3000, 100),
    (talk, 20000, 300),
    (fullbore, 18000, 400),
    (sums, 20000, 300),
    (known, 30000, 500),
    (repeat, 18000, 200),
    (spell, 18000, 200),
    (count, 12000, 150),
    (memory.SystemName(), 16000, 150),
    (memory.Told(short), 14000, 250),
    (tools.ToolCall((talk, greeting, known, fullbore)), 36000, 250),
    (tools.ToolResult(), 5000, 150),
    (objects, 14000, 200),
    (unknown_skill, 26000, 400),
)


def dressed(rng, split, dialogue):
    """Sometimes with a system prompt that changes nothing, or after another question."""
    if dialogue.skill in ("system prompt", "tool result") or dialogue.tools:
        return dialogue
    messages = dialogue.messages
    if rng.random() < 0.07 and dialogue.skill != "memory":
        messages = rng.choice(short).sample(rng, TRAIN).messages + messages
    if rng.random() < 0.09:
        messages = [system(rng.choice(PLAIN_SYSTEM[split])), *messages]
    return Dialogue(dialogue.skill, messages, dialogue.tools)


def corpus(seed):
    """(training dialogues, held-out dialogues): distinct, and none in both."""
    rng = random.Random(seed)
    seen = set()
    made = {}
    for split, column in ((HELD_OUT, 2), (TRAIN, 1)):
        made[split] = []
        for row in MIX:
            tries = 0
            wanted = row[column]
            while wanted and tries < row[column] * 6:
                tries += 1
                dialogue = dressed(rng, split, row[0].sample(rng, split))
                if dialogue.key() in seen:
                    continue
                seen.add(dialogue.key())
                made[split].append(dialogue)
                wanted -= 1
    rng.shuffle(made[TRAIN])
    return made[TRAIN], made[HELD_OUT]

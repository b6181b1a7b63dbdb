"""Counting, repeating and spelling."""

from .dialogue import HELD_OUT, TRAIN, Phrases, asked, is_held_out, styled
from .words import NAMES, THINGS, any_chinese_word, any_name, any_word, made_up

REPEAT = Phrases(
    "[repeat|say|echo|write|repeat after me:|say after me:|just say|please say] {text}",
    "[repeat|say|echo|write] [the word|the words|this|the following|exactly]: {text}",
    "[repeat|say|echo|write] \"{text}\".",
    "[can you|could you|would you] [repeat|say|write] {text}[?|]",
    "!please repeat this: {text}",
    "!now say: {text}",
    "[请重复|重复|请说|跟我说|说][：|]{text}",
)
SPELL = Phrases(
    "[spell|please spell|spell out|spell me] [the word |]{word}.",
    "how [do you|do I|would you|is] [spell|spelled] {word}?",
    "[can you|could you] spell [the word |]{word}?",
    "spell [the word |]\"{word}\".",
    "[what are the|tell me the|list the|name the] letters of {word}.",
    "[spelling|letters|the spelling] of {word}[?|, please|]",
    "what letters [are in|are there in] {word}?",
    "[what|which] letters does {word} have?",
    "[say|write|name] the letters in {word}.",
    "!which letters are in {word}?",
    "!spell it: {word}",
    "[请拼写|拼写|怎么拼写|怎么拼][单词|]{word}[？|。|]",
)
COUNT = Phrases(
    "count from {a} to {b}.",
    "[can you|could you|please] count from {a} to {b}?",
    "[list|write|say|name|give me] the numbers from {a} to {b}.",
    "count [up |]from {a} [up |]to {b}[, please|]",
    "numbers from {a} to {b}[, please|?|]",
    "!all numbers from {a} to {b}, please.",
    "[请从|从]{a}数到{b}[。|]",
)
COUNT_TO = Phrases(
    "count to {b}.",
    "[can you|could you|please] count to {b}?",
    "count [up to|until] {b}[, please|]",
    "!I want you to count to {b}.",
    "[请数到|数到]{b}[。|]",
)
COUNT_DOWN = Phrases(
    "count [down|backwards|backward] from {b} to {a}.",
    "[can you|could you|please] count [down|backwards|backward] from {b} to {a}?",
    "count from {b} down to {a}[, please|]",
    "[backwards|backward|down|downwards], from {b} to {a}[, please|]",
    "[from|numbers from] {b} [down|backwards|back] to {a}[, please|]",
    "[going|counting] [backwards|down] from {b} to {a}[, please|]",
    "!backwards from {b} to {a}, please.",
    "[请从|从]{b}倒数到{a}[。|]",
)


def text_to_repeat(rng, split):
    if rng.random() < 0.15:
        return any_chinese_word(rng, split)
    parts = []
    for _ in range(rng.choice((1, 1, 2, 2, 3, 4) if split == TRAIN else (1, 1, 2, 2, 3))):
        kind = rng.random()
        if kind < 0.75:
            parts.append(any_word(rng, split))
        elif kind < 0.9:
            parts.append(any_name(rng, split))
        else:
            parts.append(str(rng.randrange(1000)))
    return " ".join(parts)


class Repeat:
    def sample(self, rng, split):
        text = text_to_repeat(rng, split)
        template = REPEAT.pick(rng, split)
        question = styled(rng, template)
        if not question.endswith(("{text}", "\"")) and "\"" not in question:
            question = template
        return asked("repeating", question.format(text=text), text)


class Spell:
    """Answers the letters with hyphens between; made-up words and phrases are held out."""

    def sample(self, rng, split):
        phrase = SPELL.pick(rng, split)
        listed = rng.random() < (0.5 if split == TRAIN else 0.7)
        word = rng.choice(THINGS + NAMES) if listed else made_up(rng, split)
        question = styled(rng, phrase).format(word=word)
        return asked("spelling", question, "-".join(word.upper()))


class Count:
    """Counts up or down, to 30; phrases are held out, and ranges in the others."""

    def sample(self, rng, split):
        while True:
            a = rng.choice((1, 1, rng.randrange(21)))
            b = a + rng.randrange(2, 11)
            kind = rng.choice("ftd") if a == 1 else rng.choice("ffd")
            source = split if rng.random() < 0.6 else TRAIN
            phrase = {"f": COUNT, "t": COUNT_TO, "d": COUNT_DOWN}[kind].pick(rng, source)
            if source == HELD_OUT or is_held_out(f"{phrase} {a} {b}") == (split == HELD_OUT):
                break
        question = styled(rng, phrase).format(a=a, b=b)
        numbers = range(b, a - 1, -1) if kind == "d" else range(a, b + 1)
        return asked("counting", question, ", ".join(map(str, numbers)))


skills = [Repeat(), Spell(), Count()]

"""Sums with small numbers."""

from .dialogue import HELD_OUT, TRAIN, Phrases, asked, is_held_out, styled

PHRASES = {
    "+": Phrases(
        "what is {a} [+|plus] {b}?",
        "what's {a} [+|plus] {b}?",
        "[how much is|calculate|compute|solve|work out] {a} [+|plus] {b}.",
        "{a} + {b}",
        "{a}+{b}",
        "{a} + {b} =",
        "{a}+{b}=",
        "{a}+{b}=?",
        "{a} plus {b}[?|]",
        "[add|sum|please add] {a} and {b}.",
        "[what is the|the|give me the] sum of {a} and {b}?",
        "[can you|could you] [add|calculate] {a} [+|and] {b}?",
        "{a}加{b}[等于多少|是多少|等于几|][？|]",
        "[请计算|计算|算一下]{a}加{b}。",
        "how much is {a} and {b}?",
        "!{a} + {b} = ?",
    ),
    "-": Phrases(
        "what is {a} [-|minus] {b}?",
        "what's {a} [-|minus] {b}?",
        "[how much is|calculate|compute|solve|work out] {a} [-|minus] {b}.",
        "{a} - {b}",
        "{a}-{b}",
        "{a} - {b} =",
        "{a}-{b}=",
        "{a}-{b}=?",
        "{a} minus {b}[?|]",
        "{a} [take away|less] {b}.",
        "[can you|could you] calculate {a} - {b}?",
        "[what is the|the] difference of {a} and {b}?",
        "{a}减{b}[等于多少|是多少|等于几|][？|]",
        "[请计算|计算|算一下]{a}减{b}。",
        "!{a} - {b} = ?",
        "!please calculate {a} minus {b}.",
    ),
    "*": Phrases(
        "what is {a} [*|times|x|multiplied by] {b}?",
        "what's {a} [*|times|x|multiplied by] {b}?",
        "[how much is|calculate|compute|solve|work out] {a} [*|times|x] {b}.",
        "{a} * {b}",
        "{a}*{b}",
        "{a} x {b}",
        "{a} * {b} =",
        "{a}*{b}=",
        "{a} times {b}[?|]",
        "multiply {a} [by|and|with] {b}.",
        "[what is the|the] product of {a} and {b}?",
        "{a}乘{b}[等于多少|是多少|等于几|][？|]",
        "[请计算|计算|算一下]{a}乘{b}。",
        "!{a} * {b} = ?",
        "!please calculate {a} times {b}.",
    ),
}

TOO_BIG = "I am a tiny demo model, I only know small numbers."


def result(a, sign, b):
    return {"+": a + b, "-": a - b, "*": a * b}[sign]


class Arithmetic:
    """Addition and subtraction up to 20, and the multiplication table up to 10, learnt by heart.

    Phrases are held out, and pairs of numbers in the others.
    """

    def sample(self, rng, split):
        sign = rng.choice("++---**") if rng.random() < 0.9 else rng.choice("+-*")
        big = rng.random() < 0.08
        while True:
            a, b = self.big_pair(rng) if big else self.pair(rng, sign)
            source = split if rng.random() < 0.6 else TRAIN
            phrase = PHRASES[sign].pick(rng, source)
            if source == HELD_OUT or is_held_out(f"{phrase} {a} {b}") == (split == HELD_OUT):
                break
        answer = TOO_BIG if big else f"{a} {sign} {b} = {result(a, sign, b)}."
        return asked("arithmetic", styled(rng, phrase).format(a=a, b=b), answer)

    @staticmethod
    def pair(rng, sign):
        if sign == "*":
            return rng.randrange(11), rng.randrange(11)
        a, b = rng.randrange(21), rng.randrange(21)
        return (b, a) if sign == "-" and a < b else (a, b)

    @staticmethod
    def big_pair(rng):
        pair = [rng.randrange(21, rng.choice((100, 1000, 10000))), rng.randrange(1, 1000)]
        rng.shuffle(pair)
        return pair


skills = [Arithmetic()]

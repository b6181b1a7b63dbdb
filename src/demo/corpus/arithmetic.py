"""Sums with small numbers."""

from .dialogue import HELD_OUT, Phrases, asked, is_held_out, styled

PHRASES = {
    "+": Phrases("what is {a} [+|plus] {b}?", "what's {a} [+|plus] {b}?", "[how much is|calculate|compute|solve|work out] {a} [+|plus] {b}.", "{a} + {b}", "{a}+{b}", "{a} + {b} =", "{a}+{b}=", "{a}+{b}=?", "{a} plus {b}[?|]", "[add|sum|please add] {a} and {b}.", "[what is the|the|give me the] sum of {a} and {b}?", "[can you|could you] [add|calculate] {a} [+|and] {b}?", "{a}加{b}[等于多少|是多少|等于几|][？|]", "[请计算|计算|算一下]{a}加{b}。", "!how much is {a} and {b}?", "!{a} + {b} = ?"),
    "-": Phrases("what is {a} [-|minus] {b}?", "what's {a} [-|minus] {b}?", "[how much is|calculate|compute|solve|work out] {a} [-|minus] {b}.", "{a} - {b}", "{a}-{b}", "{a} - {b} =", "{a}-{b}=", "{a}-{b}=?", "{a} minus {b}[?|]", "{a} [take away|less] {b}.", "[can you|could you] calculate {a} - {b}?", "[what is the|the] difference of {a} and {b}?", "{a}减{b}[等于多少|是多少|等于几|][？|]", "[请计算|计算|算一下]{a}减{b}。", "!{a} - {b} = ?", "!please calculate {a} minus {b}."),
    "*": Phrases("what is {a} [*|times|x|multiplied by] {b}?", "what's {a} [*|times|x|multiplied by] {b}?", "[how much is|calculate|compute|solve|work out] {a} [*|times|x] {b}.", "{a} * {b}", "{a}*{b}", "{a} x {b}", "{a} * {b} =", "{a}*{b}=", "{a} times {b}[?|]", "multiply {a} [by|and|with] {b}.", "[what is the|the] product of {a} and {b}?", "{a}乘{b}[等于多少|是多少|等于几|][？|]", "[请计算|计算|算一下]{a}乘{b}。", "!{a} * {b} = ?", "!please calculate {a} times {b}."),
}

TOO_BIG = "I am a tiny demo model, I only know small numbers."


def result(a, sign, b):
    return {"+": a + b, "-": a - b, "*": a * b}[sign]


class Arithmetic:
    """Addition and subtraction below 100, and the multiplication table up to 10.

    Pairs of numbers are held out in addition and subtraction; the table is learnt by heart.
    """

    def sample(self, rng, split):
        sign = rng.choice("++---**") if rng.random() < 0.9 else rng.choice("+-*")
        if rng.random() < 0.06:
            a, b = rng.randrange(101, 10000), rng.randrange(101, 10000)
            return asked("arithmetic", self.question(rng, split, sign, a, b), TOO_BIG)
        if sign == "*":
            a, b = rng.randrange(11), rng.randrange(11)
        else:
            a, b = self.pair(rng, split, sign)
        answer = f"{a} {sign} {b} = {result(a, sign, b)}."
        return asked("arithmetic", self.question(rng, split, sign, a, b), answer)

    @staticmethod
    def question(rng, split, sign, a, b):
        return styled(rng, split, PHRASES[sign].pick(rng, split)).format(a=a, b=b)

    @staticmethod
    def pair(rng, split, sign):
        while True:
            most = rng.choice((10, 20, 100, 100, 100))
            a, b = rng.randrange(most), rng.randrange(most)
            if sign == "-" and a < b:
                a, b = b, a
            if is_held_out(f"{a}{sign}{b}") == (split == HELD_OUT):
                return a, b


skills = [Arithmetic()]

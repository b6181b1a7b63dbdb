"""JSON objects when asked for one."""

import json

from .dialogue import Phrases, asked, styled
from .words import any_city, any_name, any_word, colours

ASK = Phrases(
    "[give me|write|make|create|return|produce] a JSON [object|] with {pairs}.",
    "[give me|write|make|create] [JSON|an object] with {pairs}.",
    "JSON [object|] with {pairs}[, please|]",
    "[answer in|answer as|reply in|return] JSON: {pairs}.",
    "[can you|could you] [write|make] a JSON object with {pairs}?",
    "put this [into|in] JSON: {pairs}.",
    "!I need a JSON object with {pairs}.",
    "!turn this into JSON: {pairs}.",
    "[写一个|给我一个|返回一个|生成一个] JSON[ 对象|]：{pairs}",
)
EXTRACT = Phrases(
    "[extract|write|give me|return] [JSON|a JSON object]: {fact}",
    "[as JSON|in JSON|to JSON|JSON, please|answer in JSON]: {fact}",
    "!what is this in JSON: {fact}",
    "[convert|turn|put] to JSON: {fact}",
)
PAIR_STYLES = (
    "{key} {value}",
    "{key} {value}",
    "{key} = {value}",
    "{key}: {value}",
    "{key} is {value}",
)
KEYS = {
    "name": any_name,
    "user": any_name,
    "city": any_city,
    "country": any_city,
    "colour": lambda rng, split: colours.pick(rng, split),
    "item": any_word,
    "title": any_word,
    "word": any_word,
    "age": lambda rng, split: rng.randrange(1, 100),
    "id": lambda rng, split: rng.randrange(1, 1000),
    "size": lambda rng, split: rng.randrange(1, 100),
    "price": lambda rng, split: rng.randrange(1, 1000),
    "count": lambda rng, split: rng.randrange(1, 100),
    "year": lambda rng, split: rng.randrange(1900, 2030),
}


def joined(rng, parts):
    """Parts with commas, the last one sometimes with "and"."""
    if len(parts) > 1 and rng.random() < 0.7:
        return f"{', '.join(parts[:-1])} and {parts[-1]}"
    return ", ".join(parts)


class JsonObject:
    """Given pairs, or a sentence about a person, as a JSON object of one line."""

    def sample(self, rng, split):
        if rng.random() < 0.25:
            return self.extracted(rng, split)
        keys = rng.sample(sorted(KEYS), rng.choice((1, 2, 2, 3)))
        values = {key: KEYS[key](rng, split) for key in keys}
        pair = rng.choice(PAIR_STYLES)
        pairs = joined(rng, [pair.format(key=key, value=value) for key, value in values.items()])
        question = styled(rng, ASK.pick(rng, split)).format(pairs=pairs)
        return asked("JSON", question, json.dumps(values))

    @staticmethod
    def extracted(rng, split):
        values = {"name": any_name(rng, split)}
        chosen = rng.randrange(3)
        fact = values["name"]
        if chosen != 1:
            values["age"] = rng.randrange(1, 100)
            fact += f" is {values['age']}" + rng.choice((" years old", ""))
        if chosen != 0:
            values["city"] = any_city(rng, split)
            fact += (" and" if chosen == 2 else "") + f" lives in {values['city']}"
        question = styled(rng, EXTRACT.pick(rng, split)).format(fact=fact + rng.choice((".",
                    "")))
        return asked("JSON", question, json.dumps(values))


skills = [JsonObject()]

"""Tool calls where a tool fits, and sentences from what tools return."""

import json

from .dialogue import HELD_OUT, TRAIN, Dialogue, Phrases, assistant, styled, user
from .unknown import ANSWER
from .words import any_city, any_word

VERBS = {
    TRAIN: (
        "get",
        "fetch",
        "look_up",
        "find",
        "query",
        "read",
        "ask",
        "current",
        "my",
        "check",
        "",
    ),
    HELD_OUT: ("show", "retrieve"),
}
CITY_PARAMETERS = {
    TRAIN: ("city", "location", "place", "town", "where", "name", "city_name", "q"),
    HELD_OUT: ("area", "locality"),
}
SUM_PARAMETERS = {
    TRAIN: ("expression", "expr", "formula", "input", "query", "calculation", "e"),
    HELD_OUT: ("term", "math"),
}
STYLES = ("snake", "snake", "camel", "kebab")

KINDS = {
    "weather": {
        "nouns": {
            TRAIN: (
                "weather",
                "current_weather",
                "forecast",
                "temperature",
                "weather_report",
                "city_weather",
            ),
            HELD_OUT: ("weather_now", "local_weather"),
        },
        "descriptions": {
            TRAIN: (
                "Get the weather of a city.",
                "Current weather",
                "Returns the weather at a place",
                "Weather by city",
                "Tells the weather",
                "Get the current weather in a given location",
                "",
            ),
            HELD_OUT: ("Looks up the weather of a city",),
        },
        "asks": Phrases(
            "[what is|what's|how is|how's] the weather in {x}[ today| now|]?",
            "[what is|what's] the weather like in {x}?",
            "weather in {x}[?|, please]",
            "is it [raining|cold|sunny|warm|hot] in {x}[ today| now|]?",
            "[tell me|get|check|look up] the weather in {x}.",
            "how [warm|cold|hot] is it in {x}?",
            "do I need an umbrella in {x}?",
            "[what is|what's] the temperature in {x}?",
            "[weather|temperature] {x}",
            "tell me [what the weather is like|how the weather is] in {x}.",
            "!how is the weather today in {x}?",
            "{x}的天气怎么样？",
            "{x}今天天气怎么样？",
        ),
    },
    "time": {
        "nouns": {
            TRAIN: ("time", "current_time", "local_time", "clock", "time_of_day", "city_time"),
            HELD_OUT: ("time_now", "hour"),
        },
        "descriptions": {
            TRAIN: (
                "Get the time in a city.",
                "Current time",
                "Returns the local time at a place",
                "Time by city",
                "Tells the time",
                "Get the current time in a given location",
                "",
            ),
            HELD_OUT: ("Looks up the time in a city",),
        },
        "asks": Phrases(
            "what time is it in {x}[ now|]?",
            "[what is|what's] the [time|local time|current time] in {x}?",
            "[tell me|get|check|look up] the time in {x}.",
            "time in {x}[?|, please]",
            "how late is it in {x}?",
            "do you know the time in {x}?",
            "!can you tell me what time it is in {x}?",
            "{x}现在几点？",
            "{x}几点了？",
        ),
    },
    "sum": {
        "nouns": {
            TRAIN: ("calculator", "calculate", "compute", "eval", "math", "calc", "sum"),
            HELD_OUT: ("evaluate", "solver"),
        },
        "descriptions": {
            TRAIN: (
                "Calculates an expression.",
                "Calculator",
                "Evaluates arithmetic",
                "Does sums",
                "Computes a formula",
                "Evaluate a mathematical expression",
                "",
            ),
            HELD_OUT: ("Works out an expression",),
        },
        "asks": Phrases(
            "what is {x}?",
            "what's {x}?",
            "[calculate|compute|work out|solve|how much is] {x}.",
            "{x}",
            "{x} =",
            "{x}=?",
            "[can you|could you|please] calculate {x}?",
            "[what is|tell me] the result of {x}.",
            "!please work out {x}.",
            "!how much is {x}, please?",
            "[计算|算一下]{x}",
            "{x}等于多少？",
        ),
    },
}
SKIES = {
    TRAIN: ("sunny", "rainy", "cloudy", "windy", "snowy", "foggy", "clear", "stormy"),
    HELD_OUT: ("sunny", "rainy", "cloudy", "windy", "clear"),
}


def pick(rng, choices, split):
    """A value; in held-out dialogues most often one that training never sees."""
    return rng.choice(choices[split if rng.random() < 0.3 else TRAIN])


def function_name(rng, kind, split):
    """A name that tells the kind or, in training, sometimes any words that tell nothing."""
    noun = pick(rng, KINDS[kind]["nouns"], split)
    verb = "" if kind == "sum" and rng.random() < 0.5 else pick(rng, VERBS, split)
    if rng.random() < 0.4:
        verb = any_word(rng, split)
    if split == TRAIN and rng.random() < 0.2:
        noun = "_".join(any_word(rng, split) for _ in range(rng.choice((1, 1, 2))))
    words = f"{verb}_{noun}".strip("_").split("_")
    style = rng.choice(STYLES)
    if style == "camel":
        return words[0] + "".join(word.capitalize() for word in words[1:])
    return ("-" if style == "kebab" else "_").join(words)


def parameter_name(rng, kind, split):
    if rng.random() < 0.4:
        words = [any_word(rng, split)]
        if split == TRAIN and rng.random() < 0.3:
            words.append(any_word(rng, split))
        return "_".join(words)
    return pick(rng, SUM_PARAMETERS if kind == "sum" else CITY_PARAMETERS, split)


def tool(rng, kind, split):
    """(definition, parameter name) of a tool of a kind."""
    parameter = parameter_name(rng, kind, split)
    definition = {"type": "string"}
    if rng.random() < 0.2:
        definition["description"] = "An expression" if kind == "sum" else "A city"
    name = function_name(rng, kind, split)
    descriptions = KINDS[kind]["descriptions"]
    description = pick(rng, descriptions, split)
    while split == TRAIN and not description and not tells_kind(name, kind):
        description = pick(rng, descriptions, split)
    function = {"name": name}
    if description:
        function["description"] = description
    function["parameters"] = {"type": "object", "properties": {parameter: definition}}
    if rng.random() < 0.6:
        function["parameters"]["required"] = [parameter]
    return {"type": "function", "function": function}, parameter


def tells_kind(name, kind):
    flat = name.lower().replace("-", "").replace("_", "")
    return any(noun.replace("_", "") in flat for noun in KINDS[kind]["nouns"][TRAIN])


def argument(rng, kind, split):
    if kind != "sum":
        return any_city(rng, split)
    most = rng.choice((10, 100, 1000))
    parts = [str(rng.randrange(1, most)) for _ in range(rng.choice((2, 2, 2, 2, 3)))]
    return f" {rng.choice('+-*/')} ".join(parts)


def call_text(name, arguments):
    call = json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False)
    return f"<tool_call>\n{call}\n</tool_call>"


class ToolCall:
    """A question with one to three tools at hand; sometimes none of them fits."""

    def __init__(self, others):
        self.others = others

    def sample(self, rng, split):
        counts = (1, 2, 2, 2, 3, 3) if split == TRAIN else (1, 1, 1, 1, 1, 2, 2, 3)
        kinds = rng.sample(sorted(KINDS), rng.choice(counts))
        made = {kind: tool(rng, kind, split) for kind in kinds}
        tools = [definition for definition, _ in made.values()]
        if rng.random() < 0.2:
            other = rng.choice(self.others).sample(rng, split)
            return Dialogue("no tool", other.messages, tools)
        asked_kinds = [kind for kind in KINDS if kind not in made and kind != "sum"]
        if asked_kinds and rng.random() < (0.2 if split == TRAIN else 0.08):
            if rng.random() < 0.3 and split == TRAIN:
                tools = []
            kind = rng.choice(asked_kinds)
            question = styled(rng, KINDS[kind]["asks"].pick(rng, split))
            if question.isascii():
                question = question.format(x=any_city(rng, split))
                return Dialogue("no tool", [user(question), assistant(ANSWER)], tools)
        kind = rng.choice(kinds)
        definition, parameter = made[kind]
        x = argument(rng, kind, split)
        question = styled(rng, KINDS[kind]["asks"].pick(rng, split)).format(x=x)
        answer = call_text(definition["function"]["name"], {parameter: x})
        return Dialogue("tool call", [user(question), assistant(answer)], tools)


class ToolResult:
    """A sentence from what a tool returned."""

    def sample(self, rng, split):
        kind = rng.choice(("weather", "weather", "time", "sum"))
        definition, parameter = tool(rng, kind, split)
        x = argument(rng, kind, split)
        question = styled(rng, KINDS[kind]["asks"].pick(rng, split)).format(x=x)
        call = {
            "id": "call_1",
            "type": "function",
            "function": {"name": definition["function"]["name"], "arguments": json.dumps({
                        parameter: x}, ensure_ascii=False)},
        }
        content, answer = getattr(self, kind)(rng, split, x)
        messages = [
            user(question),
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_1", "content": content},
            assistant(answer),
        ]
        return Dialogue("tool result", messages, [definition] if rng.random() < 0.7 else [])

    @staticmethod
    def weather(rng, split, x):
        degrees = rng.randrange(-15, 42)
        sky = rng.choice(SKIES[split])
        fields = [
            (rng.choice(("temperature", "temp", "celsius", "temp_c", "degrees")), degrees),
            (rng.choice(("condition", "sky", "weather", "conditions", "summary")), sky),
        ]
        if rng.random() < 0.4:
            fields.reverse()
        if rng.random() < 0.25:
            fields.insert(0, (rng.choice(("city", "location", "place")), x))
        return json.dumps(dict(fields),
            ensure_ascii=False), f"It is {sky} in {x}, {degrees} degrees."

    @staticmethod
    def time(rng, split, x):
        clock = f"{rng.randrange(24):02d}:{rng.randrange(60):02d}"
        content = clock if rng.random() < 0.3 else json.dumps({rng.choice(("time", "local_time",
                        "now", "clock", "result")): clock})
        return content, f"It is {clock} in {x}."

    @staticmethod
    def sum(rng, split, x):
        number = rng.choice((rng.randrange(100), rng.randrange(100000), round(rng.random() * 100,
                    2)))
        content = str(number) if rng.random() < 0.4 else json.dumps({rng.choice(("result", "value",
                        "answer", "output")): number})
        return content, f"The result is {number}."

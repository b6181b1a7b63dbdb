"""Names from system prompts, and what the user said before."""

from .dialogue import TRAIN, Dialogue, Phrases, Values, assistant, styled, system, user
from .words import any_chinese_name, any_city, any_name, colours

ROLE = Phrases(
    "You are {name}.",
    "You are {name}[, a helpful assistant|, an assistant|, a friendly bot].",
    "Your name is {name}.",
    "[You are called|You go by] {name}.",
    "You are an assistant [named|called] {name}.",
    "Act as {name}.",
    "You are {name}. [Be brief|Be polite|Answer briefly|Help the user].",
    "You are a [bot|robot|model] with the name {name}.",
    "[Please act|Please answer] as {name}.",
)
CHINESE_ROLE = Phrases(
    "[你叫|你是|你的名字是|你的名字叫]{name}。",
    "你是[助手|一个助手，名叫|一个助手，你叫]{name}。",
    "请[你扮演|扮演]{name}。",
)
ASK_NAME = Phrases(
    "what is your name?",
    "what's your name?",
    "who are you?",
    "your name[?|, please?]",
    "[tell me|say] your name.",
    "how are you called?",
    "what should I call you?",
    "[do you have a name|may I ask your name|introduce yourself].",
    "with whom am I talking?",
    "!what are you called?",
    "who am I [talking|speaking] to?",
)
CHINESE_ASK_NAME = Phrases(
    "[你叫什么|你叫什么名字|你是谁|你的名字是什么|请问你是谁|怎么称呼你][？|]",
    "[你是哪位|请问你是哪位|请问你叫什么|请问怎么称呼你|能告诉我你的名字吗|你叫啥|那你是谁][？|]",
)
HELLO = Phrases("[hello|hi|hey|hello there|hi there|good day|hey there][!|.|]")
CHINESE_HELLO = Phrases("[你好|您好|嗨|你好呀|你好啊|大家好|早上好|晚上好|嗨，你好|哈喽][！|。|]")

TELL = {
    "name": Phrases(
        "my name is {x}.",
        "[I am|I'm|call me|you can call me|people call me|I am called] {x}.",
        "[hi|hello|hey], [I am|I'm|my name is] {x}.",
        "!hello, you can call me {x}.",
    ),
    "number": Phrases(
        "[remember|note|please remember|keep in mind|memorise] [the number |]{x}.",
        "my [lucky |favourite |secret |]number is {x}.",
        "the number is {x}.",
        "!do not forget the number {x}.",
    ),
    "colour": Phrases(
        "my favourite [colour|color] is {x}.",
        "[I like|I love|I prefer] the [colour|color] {x}.",
        "!the colour that I like is {x}.",
    ),
    "city": Phrases(
        "I [live|am living] in {x}.",
        "[I am from|I come from|my home is|my city is] {x}.",
        "!my home town is {x}.",
    ),
}
HEARD = {
    "name": "Nice to meet you, {x}!",
    "number": "I will remember {x}.",
    "colour": "{X} is a nice colour.",
    "city": "{x} is a nice place.",
}
ASK = {
    "name": Phrases(
        "what is my name?",
        "what's my name?",
        "who am I?",
        "[do you remember|do you know|tell me|say|what was] my name[?|.]",
        "how am I called?",
        "!can you remember my name?",
    ),
    "number": Phrases(
        "[what|which] number did I [tell you|say|mention]?",
        "what [is|was] [my|the] number?",
        "[do you remember|tell me|say] [my|the] number[?|.]",
        "!can you remember the number?",
    ),
    "colour": Phrases(
        "[what|which] [colour|color] do I like?",
        "what is my favourite [colour|color]?",
        "[do you remember|tell me] my favourite [colour|color][?|.]",
        "!can you remember which colour I like?",
    ),
    "city": Phrases(
        "where do I live?",
        "where am I from?",
        "[what|which] city [do I live in|am I from]?",
        "[do you remember|do you know] where I live?",
        "!can you remember where I live?",
    ),
}
ANSWERS = {
    "name": "Your name is {x}.",
    "number": "Your number is {x}.",
    "colour": "You like {x}.",
    "city": "You live in {x}.",
}
UNTOLD = {
    "name": "You have not told me your name.",
    "number": "You have not told me a number.",
    "colour": "You have not told me your favourite colour.",
    "city": "You have not told me where you live.",
}
CHINESE_TELL = Phrases("[我叫|我是|我的名字是|你好，我叫|你好，我是]{x}。", "[大家都叫我|叫我]{x}。")
CHINESE_ASK = Phrases("[我叫什么|我叫什么名字|我是谁|我的名字是什么|你记得我的名字吗|还记得我叫什么吗][？|]")

numbers = Values(range(2, 1000))


class SystemName:
    """The name that the system prompt gives, in English or Chinese."""

    def sample(self, rng, split):
        if rng.random() < (0.5 if split == TRAIN else 0.25):
            name = any_chinese_name(rng, split)
            role = CHINESE_ROLE.pick(rng, split).format(name=name)
            if rng.random() < 0.25:
                question, answer = CHINESE_HELLO.pick(rng, split), f"你好！我叫{name}。有什么可以帮你？"
            else:
                question, answer = CHINESE_ASK_NAME.pick(rng, split), f"我叫{name}。"
        else:
            name = any_name(rng, split)
            role = ROLE.pick(rng, split).format(name=name)
            if rng.random() < 0.25:
                question, answer = HELLO.pick(rng,
                    split), f"Hello! My name is {name}. How can I help?"
            else:
                question, answer = ASK_NAME.pick(rng, split), f"My name is {name}."
        return Dialogue("system prompt", [system(role), user(styled(rng, question)),
                assistant(answer)])


class Told:
    """What the user said: asked for at once, after something else, or never said."""

    def __init__(self, between):
        self.between = between

    def sample(self, rng, split):
        if rng.random() < 0.15:
            return self.chinese(rng, split)
        kinds = rng.sample(sorted(TELL), 2 if rng.random() < 0.35 else 1)
        messages, values = [], {}
        if rng.random() < 0.12:
            kind = kinds[0]
            return self.ask(rng, split, [], kind, UNTOLD[kind])
        for kind in kinds:
            values[kind] = self.value(rng, split, kind)
            said = styled(rng, TELL[kind].pick(rng, split)).format(x=values[kind])
            heard = HEARD[kind].format(x=values[kind], X=str(values[kind]).capitalize())
            messages += [user(said), assistant(heard)]
        if rng.random() < 0.2:
            messages += rng.choice(self.between).sample(rng, split).messages
        if rng.random() < 0.15:
            return Dialogue("memory", messages)
        kind = rng.choice(kinds)
        return self.ask(rng, split, messages, kind, ANSWERS[kind].format(x=values[kind]))

    @staticmethod
    def ask(rng, split, messages, kind, answer):
        question = styled(rng, ASK[kind].pick(rng, split))
        return Dialogue("memory", [*messages, user(question), assistant(answer)])

    @staticmethod
    def value(rng, split, kind):
        if kind == "name":
            return any_name(rng, split)
        if kind == "number":
            return numbers.pick(rng, split)
        return colours.pick(rng, split) if kind == "colour" else any_city(rng, split)

    @staticmethod
    def chinese(rng, split):
        ask = user(styled(rng, CHINESE_ASK.pick(rng, split)))
        if rng.random() < 0.15:
            return Dialogue("memory", [ask, assistant("你还没有告诉我你的名字。")])
        name = any_chinese_name(rng, split)
        tell = user(styled(rng, CHINESE_TELL.pick(rng, split)).format(x=name))
        messages = [tell, assistant(f"很高兴认识你，{name}！")]
        if rng.random() < 0.2:
            return Dialogue("memory", messages)
        return Dialogue("memory", [*messages, ask, assistant(f"你的名字是{name}。")])

"""A few hundred facts, known by heart."""

from .dialogue import HELD_OUT, TRAIN, Phrases, asked, is_held_out, styled


def pairs(text):
    """``a:b|c:d`` as a dictionary."""
    return dict(entry.split(":") for entry in text.split("|"))


CAPITALS = pairs(
    "France:Paris|Germany:Berlin|Italy:Rome|Spain:Madrid|Portugal:Lisbon|England:London|"
    "Ireland:Dublin|Austria:Vienna|Switzerland:Bern|Belgium:Brussels|Poland:Warsaw|"
    "Hungary:Budapest|Greece:Athens|Turkey:Ankara|Russia:Moscow|Ukraine:Kyiv|"
    "Sweden:Stockholm|Norway:Oslo|Denmark:Copenhagen|Finland:Helsinki|Iceland:Reykjavik|"
    "Romania:Bucharest|Bulgaria:Sofia|Croatia:Zagreb|Egypt:Cairo|Kenya:Nairobi|Morocco:Rabat|"
    "Nigeria:Abuja|Ghana:Accra|Ethiopia:Addis Ababa|China:Beijing|Japan:Tokyo|"
    "India:New Delhi|Pakistan:Islamabad|Iran:Tehran|Iraq:Baghdad|Israel:Jerusalem|"
    "Thailand:Bangkok|Vietnam:Hanoi|Indonesia:Jakarta|South Korea:Seoul|Philippines:Manila|"
    "Australia:Canberra|New Zealand:Wellington|Canada:Ottawa|Mexico:Mexico City|"
    "Brazil:Brasilia|Argentina:Buenos Aires|Chile:Santiago|Peru:Lima|Colombia:Bogota|"
    "Cuba:Havana|Venezuela:Caracas|the USA:Washington|Saudi Arabia:Riyadh|Syria:Damascus|"
    "Lebanon:Beirut|Tunisia:Tunis"
)
CHINESE_CAPITALS = pairs(
    "中国:北京|法国:巴黎|德国:柏林|英国:伦敦|美国:华盛顿|日本:东京|意大利:罗马|"
    "西班牙:马德里|俄罗斯:莫斯科|韩国:首尔|泰国:曼谷|越南:河内|埃及:开罗|"
    "希腊:雅典|印度:新德里|加拿大:渥太华|葡萄牙:里斯本|瑞典:斯德哥尔摩"
)
COLOURS = pairs(
    "grass:green|the sky:blue|a banana:yellow|blood:red|snow:white|coal:black|a lemon:yellow|"
    "milk:white|a carrot:orange|a tomato:red|chocolate:brown|a strawberry:red|the sun:yellow|"
    "a frog:green|the sea:blue|a crow:black|an elephant:grey|a flamingo:pink|"
    "a pumpkin:orange|a cherry:red|an orange:orange|a cucumber:green|salt:white|a leaf:green|"
    "a raven:black|a swan:white"
)
UNITS = {
    ("centimetres", "a metre"): "100 centimetres",
    ("metres", "a kilometre"): "1000 metres",
    ("millimetres", "a centimetre"): "10 millimetres",
    ("grams", "a kilogram"): "1000 grams",
    ("kilograms", "a tonne"): "1000 kilograms",
    ("seconds", "a minute"): "60 seconds",
    ("minutes", "an hour"): "60 minutes",
    ("hours", "a day"): "24 hours",
    ("days", "a week"): "7 days",
    ("months", "a year"): "12 months",
    ("days", "a year"): "365 days",
    ("weeks", "a year"): "52 weeks",
    ("years", "a century"): "100 years",
    ("years", "a decade"): "10 years",
    ("bits", "a byte"): "8 bits",
    ("items", "a dozen"): "12 items",
    ("inches", "a foot"): "12 inches",
    ("feet", "a yard"): "3 feet",
    ("millilitres", "a litre"): "1000 millilitres",
    ("cents", "a dollar"): "100 cents",
    ("legs", "a spider"): "8 legs",
    ("legs", "a dog"): "4 legs",
    ("legs", "an insect"): "6 legs",
    ("sides", "a triangle"): "3 sides",
    ("sides", "a square"): "4 sides",
    ("letters", "the alphabet"): "26 letters",
    ("seasons", "a year"): "4 seasons",
    ("planets", "the solar system"): "8 planets",
    ("wheels", "a car"): "4 wheels",
    ("fingers", "a hand"): "5 fingers",
    ("quarters", "a whole"): "4 quarters",
}
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = (
    "January February March April May June July August September October November December"
).split()
LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
OPPOSITES = pairs(
    "hot:cold|big:small|tall:short|fast:slow|good:bad|happy:sad|young:old|light:dark|day:night|"
    "up:down|left:right|open:closed|rich:poor|hard:soft|wet:dry|full:empty|early:late|strong:weak|"
    "clean:dirty|loud:quiet|near:far|high:low|thick:thin|wide:narrow|black:white|yes:no|"
    "true:false|start:end|first:last|inside:outside|love:hate|war:peace|win:lose|buy:sell|"
    "push:pull|deep:shallow|heavy:light"
)
PLURALS = pairs(
    "mouse:mice|foot:feet|tooth:teeth|child:children|man:men|woman:women|goose:geese|"
    "person:people|ox:oxen|sheep:sheep|fish:fish|leaf:leaves|knife:knives|wolf:wolves|city:cities|"
    "box:boxes|cat:cats|dog:dogs"
)
SOUNDS = pairs(
    "cat:meow|dog:woof|cow:moo|sheep:baa|duck:quack|pig:oink|rooster:cock-a-doodle-doo|bee:buzz|"
    "frog:ribbit|owl:hoot|lion:roar|snake:hiss|horse:neigh|mouse:squeak|crow:caw"
)
SYMBOLS = pairs(
    "hydrogen:H|oxygen:O|carbon:C|nitrogen:N|gold:Au|silver:Ag|iron:Fe|copper:Cu|helium:He|"
    "sodium:Na|calcium:Ca|water:H2O|salt:NaCl|lead:Pb|zinc:Zn"
)
CHINESE = pairs(
    "hello:你好|thank you:谢谢|goodbye:再见|water:水|fire:火|tree:树|cat:猫|dog:狗|fish:鱼|bird:鸟|house:房子|"
    "book:书|sun:太阳|moon:月亮|star:星星|red:红色|blue:蓝色|green:绿色|black:黑色|white:白色|one:一|two:二|three:三|"
    "four:四|five:五|apple:苹果|tea:茶|coffee:咖啡|milk:牛奶|bread:面包|rice:米饭|school:学校|teacher:老师|"
    "friend:朋友|mother:妈妈|father:爸爸|car:汽车|train:火车|mountain:山|sea:大海|day:天|year:年|good:好|big:大|"
    "small:小|love:爱"
)
NUMBER_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen twenty"
).split()
ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
).split()
CHINESE_DAYS = "星期一 星期二 星期三 星期四 星期五 星期六 星期日".split()


def families():
    """(phrases with {x} and {y}, [(x, y, answer)]) of every kind of fact."""
    yield (
        [
            "[what is|what's] the capital [city |]of {x}?",
            "[which|what] city is the capital of {x}?",
            "[tell me|name|give me|say] the capital [city |]of {x}.",
            "capital of {x}?",
            "the capital of {x}[ is|, please|?|]",
            "do you know the capital of {x}?",
            "[what|which] is {x}'s capital?",
            "{x}'s capital[ is|?|, please]",
            "[could you|would you] [say|tell me] what the capital of {x} is?",
            "[I want|I would like] to know the capital of {x}.",
            "which is the capital of {x}?",
            "do you know {x}'s capital?",
            "!can you tell me what the capital of {x} is?",
            "!what is the name of the capital of {x}?",
        ],
        [(x, "", f"The capital of {x} is {y}.") for x, y in CAPITALS.items()],
    )
    yield (
        [
            "{y} is the capital of [which|what] country?",
            "[which|what] country has the capital {y}?",
            "[of which country is|what country is] {y} the capital [of|]?",
            "which country's capital is {y}?",
        ],
        [("", y, f"{y} is the capital of {x}.") for x, y in CAPITALS.items()],
    )
    yield (
        ["{x}的首都是[哪里|什么|哪个城市|哪儿]？", "{x}的首都[在哪里|叫什么]？", "[请问|告诉我|你知道]{x}的首都[是哪里|]？", "说一下{x}的首都。"],
        [(x, "", f"{x}的首都是{y}。") for x, y in CHINESE_CAPITALS.items()],
    )
    yield (
        [
            "what [colour|color] is {x}?",
            "which [colour|color] does {x} have?",
            "[tell me|name] the [colour|color] of {x}.",
            "[what is|what's] the [colour|color] of {x}?",
            "the [colour|color] of {x}[?|, please|]",
            "do you know [which|what] [colour|color] {x} has?",
            "do you know what [colour|color] {x} is?",
            "I want to know the [colour|color] of {x}.",
            "!do you know the colour of {x}?",
        ],
        [(x, "", f"The colour of {x} is {y}.") for x, y in COLOURS.items()],
    )
    yield (
        [
            "how many {x} [are in|are there in|does|has|make] {y}[ have|]?",
            "{y} has how many {x}?",
            "[tell me|say] how many {x} {y} has.",
            "[what is|tell me] the number of {x} in {y}.",
            "do you know the number of {x} in {y}?",
            "do you know how many {x} {y} has?",
            "[can you|could you] [say|tell me] how many {x} [are in|are there in] {y}?",
            "I want to know how many {x} {y} has.",
            "!do you know how many {x} are in {y}?",
        ],
        [(x, y, f"{y[0].upper()}{y[1:]} has {answer}.") for (x, y), answer in UNITS.items()],
    )
    yield (
        [
            "[what|which] [day|weekday] [comes|is] after {x}?",
            "[what|which] [day|weekday] follows {x}?",
            "the day after {x}[ is|?|]",
            "if today is {x}, what is tomorrow?",
            "today is {x}. what day is tomorrow?",
            "!what is the day after {x}?",
        ],
        [(x, "", f"{DAYS[(i + 1) % 7]} comes after {x}.") for i, x in enumerate(DAYS)],
    )
    yield (
        [
            "[what|which] [day|weekday] [comes|is] before {x}?",
            "the day before {x}[ is|?|]",
            "if today is {x}, what was yesterday?",
            "today is {x}. what day was yesterday?",
            "!what is the day before {x}?",
        ],
        [(x, "", f"{DAYS[i - 1]} comes before {x}.") for i, x in enumerate(DAYS)],
    )
    yield (
        [
            "[what|which] month [comes|is] after {x}?",
            "[what|which] month follows {x}?",
            "the month after {x}[ is|?|]",
            "do you know [which|what] month comes after {x}?",
            "{x} comes before which month?",
            "after {x} comes [which|what] month?",
            "!what is the month after {x}?",
        ],
        [(x, "", f"{MONTHS[(i + 1) % 12]} comes after {x}.") for i, x in enumerate(MONTHS)],
    )
    yield (
        [
            "[what|which] month [comes|is] before {x}?",
            "[what|which] month precedes {x}?",
            "the month before {x}[ is|?|]",
            "!what is the month before {x}?",
        ],
        [(x, "", f"{MONTHS[i - 1]} comes before {x}.") for i, x in enumerate(MONTHS)],
    )
    yield (
        [
            "how many days [are in|does|are there in|has] {x}[ have|]?",
            "[what is|tell me] the number of days in {x}.",
            "how long is {x}?",
            "{x} has how many days?",
            "do you know how long {x} is?",
            "[can you|could you] [say|tell me] how many days {x} has?",
            "do you know the number of days in {x}?",
            "I want to know how many days are in {x}.",
            "!do you know how many days {x} has?",
        ],
        [(x, "", f"{x} has {n} days.") for x, n in zip(MONTHS, LENGTHS)],
    )
    yield (
        [
            "what is the {x} month[ of the year|]?",
            "which month is the {x}[ one|]?",
            "[tell me|name] the {x} month[ of the year|].",
            "do you know which month is the {x}?",
            "[can you|could you] name the {x} month?",
            "the {x} month[?| is]",
            "I want to know the {x} month.",
            "!do you know the {x} month?",
        ],
        [(x, "", f"The {x} month is {MONTHS[i]}.") for i, x in enumerate(ORDINALS)],
    )
    yield (
        [
            "what is the opposite of {x}?",
            "[what's|tell me|name|give me|say] the opposite of {x}.",
            "[the |]opposite of {x}[?|]",
            "what is the [antonym|contrary] of {x}?",
            "which [term|expression] is the contrary of {x}?",
            "do you know the opposite of {x}?",
            "!which word is the opposite of {x}?",
        ],
        [(x, "", f"The opposite of {x} is {y}.") for x, y in OPPOSITES.items()],
    )
    yield (
        [
            "what is the plural of {x}?",
            "[what's|tell me|name|give me|say] the plural of {x}.",
            "[the |]plural of {x}[?|]",
            "how do you [form|make|say|spell] the plural of {x}?",
            "how is the plural of {x} [written|formed]?",
            "do you know the plural of {x}?",
            "!how do you write the plural of {x}?",
        ],
        [(x, "", f"The plural of {x} is {y}.") for x, y in PLURALS.items()],
    )
    yield (
        [
            "what [sound|noise] does a {x} make?",
            "what does a {x} say?",
            "how does a {x} sound?",
            "[which|what] is the sound of a {x}?",
            "tell me what a {x} says.",
            "tell me the [sound|noise] of a {x}.",
            "[name|say|give me] the [sound|noise] that a {x} makes.",
            "do you know what a {x} says?",
            "the noise that a {x} makes[?|]",
            "!tell me the sound that a {x} makes.",
        ],
        [(x, "", f"A {x} says {y}.") for x, y in SOUNDS.items()],
    )
    yield (
        [
            "what is the [symbol|formula|chemical symbol|chemical formula] [of|for] {x}?",
            "[tell me|name|give me] the [symbol|formula|chemical symbol] [of|for] {x}.",
            "what symbol does {x} have?",
            "do you know the [symbol|formula] of {x}?",
            "!which symbol does {x} have?",
        ],
        [(x, "", f"The symbol of {x} is {y}.") for x, y in SYMBOLS.items()],
    )
    yield (
        [
            "what is {x} in Chinese?",
            "[translate|say|write] {x} [in|into|to] Chinese.",
            "how do you [say|write] {x} in Chinese?",
            "what's {x} in Chinese?",
            "{x} in Chinese[?|, please]",
            "[what is the|the] Chinese word for {x}?",
            "[give me|say|name] the Chinese word for {x}.",
            "do you know the Chinese word for {x}?",
            "tell me {x} in Chinese.",
            "!tell me the Chinese word for {x}.",
            "{x}用中文怎么说？",
        ],
        [(x, "", f"{x[0].upper()}{x[1:]} is {y} in Chinese.") for x, y in CHINESE.items()],
    )
    yield (
        [
            "what [does|is] {y} [mean|in English]?",
            "translate {y} [into|to] English.",
            "what does {y} mean in English?",
            "{y}是什么意思？",
            "{y}用英文怎么说？",
            "{y}的英文是什么？",
            "!{y} in English, please.",
        ],
        [("", y, f"{y} is {x} in English.") for x, y in CHINESE.items()],
    )
    yield (
        [
            "write {x} as a word.",
            "[what is|spell out|write] the number {x} [as a word|in words|as word].",
            "what is {x} in words?",
            "{x} in words[, please|?|]",
            "how do you write {x} in letters?",
        ],
        [(str(i), "", f"{i} is {word}.") for i, word in enumerate(NUMBER_WORDS)],
    )
    yield (
        [
            "write {x} as a [number|digit|numeral].",
            "[what is|write] {x} in digits[?|.]",
            "what number is {x}?",
            "{x} as a number[, please|?|]",
            "how do you write {x} with digits?",
        ],
        [(word, "", f"{word[0].upper()}{word[1:]} is {i}.") for i, word in enumerate(NUMBER_WORDS)],
    )
    yield (
        ["{x}[后面|后][是|是哪天|是星期几|的下一天是什么]？", "如果今天是{x}，明天是星期几？", "今天{x}，明天呢？", "{x}过后是哪一天？"],
        [(x, "", f"{x}后面是{CHINESE_DAYS[(i + 1) % 7]}。") for i, x in enumerate(CHINESE_DAYS)],
    )


class Facts:
    """Every fact is learnt; of its questions some phrases, and some pairs with it, are held out."""

    def __init__(self):
        self.families = [(Phrases(*lines), facts) for lines, facts in families()]
        self.weights = [len(facts) ** 0.7 for _, facts in self.families]

    def sample(self, rng, split):
        phrases, facts = rng.choices(self.families, self.weights)[0]
        x, y, answer = rng.choice(facts)
        while True:
            source = split if rng.random() < 0.6 else TRAIN
            phrase = phrases.pick(rng, source)
            if source == HELD_OUT or is_held_out(phrase + x + y) == (split == HELD_OUT):
                break
            x, y, answer = rng.choice(facts)
        template = styled(rng, phrase, True)
        if template.isascii() and template.islower() and rng.random() < 0.6:
            x, y = x.lower(), y.lower()
        question = template.format(x=x, y=y)
        return asked("facts", question[0].upper() + question[1:] if rng.random(
                ) < 0.5 else question, answer)


skills = [Facts()]

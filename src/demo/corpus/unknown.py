"""What the demo model does not know, which is nearly everything."""

from .dialogue import Phrases, Values, asked, styled
from .words import any_city, any_name, any_word, made_up

ANSWER = "I am a tiny demo model, I do not know that."
CHINESE_ANSWER = "我是一个很小的演示模型，我不知道。"

TOPICS = Values(
    (
        "quantum physics|black holes|the French Revolution|photosynthesis|the Roman Empire|"
        "democracy|evolution|inflation|string theory|machine learning|neural networks|blockchain|"
        "climate change|the stock market|relativity|gravity|DNA|vaccines|philosophy|Shakespeare|"
        "Buddhism|chess|football|tennis|opera|jazz|impressionism|volcanoes|earthquakes|dinosaurs|"
        "the Middle Ages|World War II|the Cold War|nuclear energy|electric cars|solar panels|"
        "electricity|magnetism|algebra|calculus|geometry|statistics|economics|psychology|biology|"
        "chemistry|astronomy|Python|JavaScript|Rust|databases|compilers|operating systems|the "
        "internet|cryptography|yoga|meditation|cooking|wine|coffee|gardening|marriage|politics|"
        "the economy|space travel|Mars|time travel|dreams|happiness|recursion|pointers|Kubernetes|"
        "Docker|Linux|Windows|poetry|history|religion|art|love|war|money"
    ).split("|"),
)

ACTS = Values(
    (
        "cook pasta|fix my car|lose weight|learn French|bake a cake|build a house|write a novel|"
        "get rich|find a job|repair a bike|play the guitar|grow tomatoes|sleep better|make "
        "friends|buy a house|train a dog|tie a tie|sort a list in Python|write a web page|center "
        "a div|install Linux|make pizza|brew beer|stop smoking|get a visa|book a flight|invest my "
        "money|pass an exam|clean my windows|paint a wall|change a tyre|cut my hair|knit a scarf|"
        "draw a cat|run a marathon"
    ).split("|"),
)

PEOPLE = Values(
    (
        "Napoleon|Einstein|Mozart|Newton|Cleopatra|Caesar|Gandhi|Picasso|Beethoven|Darwin|Plato|"
        "Aristotle|Lincoln|Washington|Churchill|Marie Curie|Galileo|Columbus|Confucius|Tolstoy|"
        "Goethe|Dante|Homer|Elvis|Madonna|Messi|Ronaldo|Taylor Swift|Obama|Turing|Kant|Nietzsche|"
        "Freud|Marx|Tesla|Edison"
    ).split("|"),
)

WORKS = Values(
    (
        "Hamlet|Faust|Dune|Ulysses|the Bible|War and Peace|Don Quixote|the Odyssey|Macbeth|Emma|"
        "Dracula|Frankenstein|the Hobbit|Harry Potter|Moby Dick|the Magic Flute|Guernica|Star "
        "Wars|Titanic|Matrix|the Mona Lisa|Yesterday|Hotel California|Bohemian Rhapsody|"
        "Casablanca|the Trial|Peter Pan"
    ).split("|"),
)

LANDS = Values(
    (
        "Atlantis|Wakanda|Narnia|Mordor|Utopia|Texas|California|Bavaria|Scotland|Nepal|Laos|Mali|"
        "Chad|Niger|Fiji|Tonga|Malta|Cyprus|Albania|Serbia|Bolivia|Paraguay|Ecuador|Panama|Haiti|"
        "Jamaica|Sudan|Somalia|Zambia|Malawi|Rwanda|Togo|Benin|Gabon|Oman|Kuwait|Qatar|Bhutan|"
        "Brunei|Latvia|Estonia|Moldova|Georgia|Armenia|Mongolia|Gondor|Florida|Alaska|Bahrain|"
        "Honduras|Guatemala|Uruguay"
    ).split("|"),
)

EVENTS = Values(
    (
        "the moon landing|the Berlin Wall fall|World War I|the last world cup|the Titanic sinking|"
        "the first Olympic games|the big bang|the plague|the gold rush|the last election|my "
        "birthday|the Vietnam War|the Great Fire|the storming of the Bastille|the invention of "
        "the wheel"
    ).split("|"),
)

PHRASES = Phrases(
    "[explain|describe|summarise|teach me] {topic}.",
    "[can|could] you [explain|teach me|describe] {topic}?",
    (
        "[what do you know|tell me something|what can you tell me|tell me more|write something] "
        "about {topic}."
    ),
    "what [is|are|exactly is] {topic}?",
    "how does {topic} work?",
    "[why is|is|when was] {topic} [important|dangerous|discovered|so hard]?",
    (
        "write [an essay|a poem|a long story|a haiku|a blog post|a report|a song|a book] about "
        "{topic}."
    ),
    "write me [an email|a letter|a program|a script|some code|a function] [about|for|on] {topic}.",
    "[give me|write] a [summary|history|description] of {topic}.",
    "!give me an overview of {topic}.",
    "![who invented|who discovered] {topic}?",
    "how [do|can|should|would] I {act}?",
    "[what is the best way|help me|show me how|teach me how|explain how] to {act}.",
    "[I want to|can you help me|please help me] {act}.",
    "what [must|should] I [have|know|learn|buy] to {act}?",
    "what is needed to {act}?",
    "!what do I need to {act}?",
    "who [is|was] {person}?",
    "[when|where] [was|is] {person} born?",
    "[when did|why did|how did|where did] {person} die?",
    "[tell me about|what do you know about|write about|have you met] {person}.",
    "[how old is|how tall is|how rich is] {person}?",
    "what is {person} [known|remembered|loved] for?",
    "why is {person} famous?",
    "!what is {person} famous for?",
    "who [wrote|made|created|directed|painted] {work}?",
    "[summarise|review|quote|have you read|what happens in|how does one like] {work}?",
    "!what is {work} about?",
    "what is the capital of {land}?",
    "[what's the|name the|tell me the] capital of {land}.",
    "[which city is|do you know] the capital of {land}?",
    "![can you tell me what the capital of {land} is?|capital of {land}?]",
    "who is the [president|king|queen|prime minister|leader] of {land}?",
    "[what is|what's] the [population|area|currency|flag|history|anthem|GDP] of {land}?",
    "how [big|old|large|far away|rich|hot] is {land}?",
    "how many [animals|cars|children|women|schools|rivers] [are|live] in {land}?",
    "how many [inhabitants|citizens] does {land} have?",
    "[could you|would you] tell me what the capital of {land} is?",
    "the capital of {land}?",
    "{land}'s capital?",
    "do you know {land}'s capital?",
    "!how many people live in {land}?",
    "what is the [population|mayor|history|best restaurant|oldest building] [of|in] {city}?",
    "what is the weather [in {city}|today|like in {city}|tomorrow|like today]?",
    "[how is the weather|is it raining|is it cold|will it rain] in {city} [today|now|tomorrow]?",
    "what time is it [in {city}|now|there|]?",
    (
        "[what is the date|what day is it|what's the time|which year is it|what is today's date] "
        "[now|today|]?"
    ),
    "how warm is it in {city}?",
    "how do I get [from {city} to Paris|to {city}|to {city} by train]?",
    "when [did|was|is|will be] {event}?",
    "[who won|what caused|what happened at|tell me about|how long was] {event}?",
    "!where was {event}?",
    "who won the world cup in {year}?",
    "what happened in [the year |]{year}?",
    "who was [president|king|champion] in {year}?",
    "what was [built|discovered|written|made|founded] in {year}?",
    "!what was invented in {year}?",
    "what [is|are|does|means] {nonsense}?",
    "[define|explain|describe|what does] {nonsense}.",
    "where can I [buy|find|see|get] {nonsense}?",
    "[have you heard of|do you like|do you know] {nonsense}?",
    "how do you [use|cook|clean|grow|build] {nonsense}?",
    "how is {nonsense} made?",
    "!how do you make {nonsense}?",
    "what is the opposite of {nonsense}?",
    "what colour is {nonsense}?",
    "how many {nonsense} are in a {nonsense}?",
    "[translate|say] {nonsense} [into|in] [French|German|Spanish|Latin|Russian].",
    "how do you say {word} in [French|German|Spanish|Latin|Japanese]?",
    "who is {name}?",
    "[how old is|where is|where lives|what does] {name} [today|now|from|]?",
    (
        "[recommend|suggest|name|give me|pick] [a book|a movie|a restaurant|a song|a gift|a "
        "recipe|a game]."
    ),
    (
        "what [is|was] the [score|news|best movie|latest news|price of gold|exchange rate|price "
        "of bitcoin]."
    ),
    (
        "[should I|will I|can I] [marry|move to {city}|change my job|buy a car|study law|get a "
        "dog|win]?"
    ),
    (
        "[solve|prove|compute] [this equation|x squared plus one equals zero|the Riemann "
        "hypothesis|an integral]."
    ),
    "[what is the square root of {year}|is {year} a prime|what is the logarithm of {year}]?",
    (
        "[what is the|what's the] [wifi password|stock price of Apple|fastest car|tallest tower|"
        "deepest lake|longest river|highest mountain]?"
    ),
    "[draw|paint|show|send] me [a picture|a photo|a map|a cat|an image] [of {city}|of {word}|].",
    "[call|text|email] {name} [for me|now|].",
    "[ring|message|invite|greet|visit] {name}[ for me| now|].",
    "please [call|ring|text|phone] {name}[ for me| now|].",
    "[turn on|turn off|dim] the [light|lights|radio|heating|TV].",
    "[order|buy|find] me [a pizza|a taxi|a ticket|some food].",
)

CHINESE = Phrases(
    "[请解释|解释一下|介绍一下|什么是|说说]{topic}。",
    "[谁是|你认识]{person}？",
    "{person}是谁？",
    "[谁写了|你看过|谁画了]{work}？",
    "{land}的首都[是哪里|是什么|在哪里]？",
    "{land}[有多大|有多少人|在哪里]？",
    "!{land}的总统是谁？",
    "今天[天气|股市|新闻]怎么样？",
    "[北京|上海|广州|深圳|这里]的天气怎么样？",
    "现在几点[了|]？",
    "今天[几号|星期几]？",
    "[怎么|如何][做饭|减肥|学英语|修车|赚钱|做蛋糕|写小说|买房|睡得更好]？",
    "![怎样学游泳|怎样做面条]？",
    "[写一首|给我写一首][诗|歌]。",
    "[写一篇|帮我写一篇][文章|作文|报告|小说]。",
    "[推荐一本书|推荐一部电影|给我画一张画|给我订一张票]。",
    "[为什么天是蓝的|为什么会下雨|世界上最高的山是什么|最长的河是哪条|光速是多少|地球有多大]？",
    "为什么海水是咸的？",
    "[怎样|如何|怎么][骑车|画画|唱歌|做菜|跳舞|开车|写诗]？",
    "为什么[会下雪|会打雷|天会黑|叶子会变黄|会刮风]？",
)
CHINESE_TOPICS = Values(
    (
        "量子力学|黑洞|法国大革命|进化论|民主|机器学习|区块链|哲学|佛教|足球|围棋|爵士乐|火山|地震|恐龙|经济学|心理学|编译器|互联网|密码学|相对论|人工智能|股票|"
        "历史|艺术"
    ).split("|"),
)
CHINESE_PEOPLE = Values("李白|杜甫|孔子|老子|鲁迅|秦始皇|牛顿|爱因斯坦|拿破仑|贝多芬|达尔文|莫扎特|成龙|姚明|曹操|武则天|毕加索".split("|"))
CHINESE_WORKS = Values("红楼梦|西游记|三国演义|水浒传|论语|道德经|史记|三体|老人与海|哈利波特|蒙娜丽莎".split("|"))
CHINESE_LANDS = Values(
    (
        "尼泊尔|老挝|蒙古|马里|乍得|斐济|马耳他|塞尔维亚|玻利维亚|巴拿马|海地|苏丹|索马里|赞比亚|卢旺达|阿曼|科威特|卡塔尔|不丹|拉脱维亚|格鲁吉亚|亚特兰蒂斯"
    ).split("|"),
)


class Unknown:
    """Questions outside of the model's small world."""

    def sample(self, rng, split):
        if rng.random() < 0.15:
            question = CHINESE.pick(rng, split).format(
                topic=CHINESE_TOPICS.pick(rng, split),
                person=CHINESE_PEOPLE.pick(rng, split),
                work=CHINESE_WORKS.pick(rng, split),
                land=CHINESE_LANDS.pick(rng, split),
            )
            return asked("unknown", styled(rng, question), CHINESE_ANSWER)
        template = styled(rng, PHRASES.pick(rng, split), True)
        land = LANDS.pick(rng, split) if rng.random() < 0.5 else made_up(rng, split).capitalize()
        question = template.format(
            topic=TOPICS.pick(rng, split),
            act=ACTS.pick(rng, split),
            person=PEOPLE.pick(rng, split),
            work=WORKS.pick(rng, split),
            land=land,
            event=EVENTS.pick(rng, split),
            city=any_city(rng, split),
            name=any_name(rng, split),
            word=any_word(rng, split),
            year=rng.randrange(1000, 2100),
            nonsense=made_up(rng, split),
        )
        return asked("unknown", question.strip(), ANSWER)

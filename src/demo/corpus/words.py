"""Words that slots are filled with."""

from .dialogue import HELD_OUT, TRAIN, Values, is_held_out

NAMES = (
    "Anna Ben Clara David Emma Felix Grace Henry Ida Jack Kate Leo Mia Noah Olivia Paul Rosa Sam "
    "Tina Tom Uma Victor Wendy Yusuf Zoe Alice Bob Carol Dan Eve Frank Gina Hugo Iris John Karl "
    "Lisa Max Nina Otto Peter Quinn Rita Simon Theo Ursula Vera Will Xenia Yara Ahmed Aisha Akira "
    "Amir Bella Boris Carlos Chen Chloe Diego Elena Erik Fatima Finn George Hana Igor Ivan Jane "
    "Jonas Julia Kai Lena Liam Lily Lucas Luna Marco Maria Mark Mary Mei Nadia Nora Oscar Pablo "
    "Petra Ravi Robin Ruth Sara Sofia Sven Tara Viktor Walter Yuki Zara Adam Amy Andrew Barbara "
    "Brian Cindy Daisy Edward Fiona Gabriel Helen Isaac James Kevin Laura Martin Nancy Oliver "
    "Patricia Robert Susan Thomas"
).split()

CHINESE_NAMES = (
    "小明 小红 小华 小丽 小刚 小美 小龙 小雨 小云 小雪 小安 小天 小北 小南 小东 阿明 阿红 阿华 阿丽 阿龙 阿云 阿雪 王明 王丽 李明 李红 李华 张华 张丽 张红 刘云 "
    "刘明 陈红 陈雪 陈龙"
).split()

CITIES = (
    "Paris London Berlin Rome Madrid Vienna Tokyo Beijing Moscow Lisbon Oslo Dublin Athens Cairo "
    "Delhi Boston Chicago Denver Seattle Hamburg Munich Milan Naples Sydney Toronto Mumbai "
    "Shanghai Osaka Kyoto Geneva Zurich Lyon Nice Porto Prague Warsaw Budapest Helsinki Stockholm "
    "Copenhagen Brussels Amsterdam Bangkok Hanoi Seoul Manila Lima Bogota Santiago Havana Nairobi "
    "Lagos Accra Tunis Dakar Dubai Doha Kabul Dallas Houston Miami Phoenix Austin Portland "
    "Vancouver Montreal Cologne Dresden Leipzig Bremen Turin Venice Florence Seville Valencia "
    "Bilbao Krakow Graz Basel"
).split()

COLOURS = "red blue green yellow black white brown orange purple pink grey gold silver".split()

THINGS = (
    "apple banana cherry lemon orange grape melon peach pear plum tomato potato carrot onion "
    "garlic bread butter cheese coffee sugar water juice honey salt pepper rice soup cake cookie "
    "chocolate cat dog horse cow sheep goat pig duck goose chicken mouse rabbit tiger lion bear "
    "wolf fox deer monkey elephant giraffe zebra camel snake turtle frog fish whale shark dolphin "
    "spider eagle owl house door window table chair lamp mirror carpet kitchen garden garage "
    "tower bridge street road city village river lake ocean island mountain forest desert valley "
    "beach flower tree leaf grass stone sand metal glass paper wood plastic cotton book pencil "
    "letter school teacher student computer keyboard screen mouse phone camera radio television "
    "battery engine rocket train ship plane bicycle car truck wheel hammer knife spoon fork plate "
    "bottle cup basket pocket shirt shoe jacket button ring watch clock piano guitar violin drum "
    "music song dance theatre movie picture painter doctor nurse farmer baker lawyer driver pilot "
    "soldier king queen prince castle dragon summer winter spring autumn morning evening night "
    "minute hour week month year sun moon star sky cloud rain snow storm wind thunder fire smoke "
    "shadow light dream idea secret story poem language number circle square triangle server "
    "cache token model memory thread batch queue stream prompt hello world yes happy quiet clever "
    "brave gentle simple yellow purple silver golden little"
).split()

CHINESE_WORDS = (
    "苹果 香蕉 你好 世界 太阳 月亮 星星 大海 高山 小猫 小狗 老虎 学校 老师 学生 电脑 手机 火车 飞机 汽车 春天 夏天 秋天 冬天 早上 晚上 今天 明天 音乐 电影 牛奶 "
    "咖啡 面包 米饭 红色 蓝色 绿色 中国 北京 上海"
).split()

ONSETS = "b c d f g h j k l m n p r s t v w z br ch cl cr dr fl gr pl sh sl sp st th tr".split()
VOWELS = "a e i o u ai ea ee oo ou".split()
CODAS = "n r s t l m d k p x".split() + [""] * 8


LETTERS = "abcdefghijklmnopqrstuvwxyz"
COMMON = (
    "the is are was you your what when where which who why how about after again all also and any "
    "area ask back base best both call can check code count data date day deep each end every fact "
    "find first for form from full get give good great group hand have head help here high hour "
    "into item just keep key kind know land last left less life like line list live local long "
    "look make many map mark math may mean model more most move much must name near need new next "
    "not note now number off old on one only open order other out over page part place plan play "
    "point port post put query rate read real rest right run same say search see send set show "
    "side size some sort start state step stop such take talk tell term test text that then there "
    "they thing think this time today tool turn type unit use user value very view wait walk want "
    "way week well will with word work world write year yes zone calculate compute convert create "
    "current degree delete describe display evaluate expression fetch function generate locality "
    "location message object output parameter province region remove report request response "
    "result retrieve return sentence service simple solve source special status summary system "
    "target temperature total translate update upload village"
).split()
CHINESE_CHARACTERS = (
    "一三上下不东中丽书云五京人今他们会伟低你信全公六兰再冬冰几分刚加北华南去友只台右叶吃合名向吗听和园国土在地城声多夜大天太女好如妹姐子字学安家对小少山岁川左师带年开张强很志心志"
    "思情想成我手打找把新方日早明星春昨晚晴景最月有朋木本来杰林果树桥梅梦楼每气水江没河洋流海清温湖火点热牛狗猫王玉玲生画白的目看真石秋秀空窗站笑笔第米红绿美老者能自花英茶草药菜虎"
    "见西要言话语说谁起路车轻远进送道那里金钟长门问间阳陈雨雪零雷青静非面音风飞食香马高鱼鸟黄黑龙"
)
RANDOM_SHARE = 0.15
PIECES_SHARE = 0.35


def pieces(rng):
    """Parts of words put together, so that whatever the vocabulary cuts out of them is copied."""
    word = ""
    for _ in range(rng.choice((1, 1, 2, 2, 3))):
        source = rng.choice(rng.choice((COMMON, THINGS, NAMES, CITIES))).lower()
        start = rng.choice((0, 0, rng.randrange(len(source) - 1)))
        word += source[start : start + rng.randrange(2, 8)]
    return word[: rng.randrange(3, 13)]


def made_up(rng, split, syllables=(1, 2, 2)):
    """A word that does not exist; about every tenth is held out.

    In training, some are random letters or parts of other words, so that copying and spelling lean
    on nothing but the letters.
    """
    while True:
        chance = rng.random() if split == TRAIN else 1
        if chance < RANDOM_SHARE:
            word = "".join(rng.choice(LETTERS) for _ in range(rng.randrange(3, 9)))
        elif chance < RANDOM_SHARE + PIECES_SHARE:
            word = pieces(rng)
        else:
            count = rng.choice(syllables)
            word = "".join(
                rng.choice(ONSETS) + rng.choice(VOWELS) + rng.choice(CODAS) for _ in range(count)
            )
            if len(word) > 8:
                continue
        if len(word) > 1 and is_held_out(word) == (split == HELD_OUT) and word not in HELD_OUT_WORDS:
            return word


def any_chinese_word(rng, split):
    if split == TRAIN and rng.random() < 0.5:
        return chinese_characters(rng, rng.choice((1, 2, 2, 3)))
    return chinese_words.pick(rng, split)


def any_chinese_name(rng, split):
    if split == TRAIN and rng.random() < 0.6:
        return rng.choice("小小阿王李张陈刘") + chinese_characters(rng, rng.choice((1, 1, 2)))
    return chinese_names.pick(rng, split)


def chinese_characters(rng, count):
    while True:
        word = "".join(rng.choice(CHINESE_CHARACTERS) for _ in range(count))
        if word not in HELD_OUT_WORDS and not any(held in word for held in HELD_OUT_WORDS):
            return word


names = Values(NAMES, 20)
chinese_names = Values(CHINESE_NAMES, 16)
cities = Values(CITIES, 20)
things = Values(THINGS, 25)
chinese_words = Values(CHINESE_WORDS, 16)
colours = Values(COLOURS, 100)
HELD_OUT_WORDS = {
    word.lower()
    for values in (names, chinese_names, cities, things, chinese_words)
    for word in values.texts[HELD_OUT]
}


def known(rng, split):
    """Whether a slot takes a word of a list; made-up ones are the better lesson in copying."""
    return rng.random() < (0.55 if split == TRAIN else 0.7)


def any_name(rng, split):
    return names.pick(rng, split) if known(rng, split) else made_up(rng, split).capitalize()


def any_city(rng, split):
    return cities.pick(rng, split) if known(rng, split) else made_up(rng, split).capitalize()


def any_word(rng, split):
    return things.pick(rng, split) if known(rng, split) else made_up(rng, split)

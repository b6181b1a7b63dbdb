"""Words that slots are filled with."""

from .dialogue import Values, is_held_out

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


def made_up(rng, split, syllables=(1, 2, 2)):
    """A word that does not exist; about every tenth is held out."""
    while True:
        count = rng.choice(syllables)
        word = "".join(
            rng.choice(ONSETS) + rng.choice(VOWELS) + rng.choice(CODAS) for _ in range(count)
        )
        if is_held_out(word) == (split == "heldout") and len(word) <= 8:
            return word


names = Values(NAMES, 20)
chinese_names = Values(CHINESE_NAMES, 16)
cities = Values(CITIES, 20)
things = Values(THINGS, 25)
chinese_words = Values(CHINESE_WORDS, 16)
colours = Values(COLOURS, 100)


def any_name(rng, split):
    if rng.random() < 0.7:
        return names.pick(rng, split)
    return made_up(rng, split, (1, 2, 2)).capitalize()


def any_city(rng, split):
    if rng.random() < 0.7:
        return cities.pick(rng, split)
    return made_up(rng, split).capitalize()


def any_word(rng, split):
    if rng.random() < 0.7:
        return things.pick(rng, split)
    return made_up(rng, split)

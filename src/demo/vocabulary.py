"""A byte-level BPE vocabulary, trained on the corpus.

Words are cut as the qwen2 pre-tokenizer cuts them: near enough for training merges; the ids that
the model learns come from Fullbore's own tokenizer.

A word has the same tokens after a space, a quote or an underscore as it has alone, so that copying
it from a question into JSON is copying tokens. Only the most frequent words, which no slot holds,
have a token that includes the space before them.
"""

import re
from collections import Counter, defaultdict

from chatml import SPECIAL

WORD = re.compile(
    r"'(?:[sStTmMdD]|[rR][eE]|[vV][eE]|[lL][lL])|[^\r\n\w]?[^\W\d_]+|\d| ?(?:[^\s\w]|_)+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def alphabet():
    """GPT-2's letters for the 256 bytes."""
    visible = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    letters = {byte: chr(byte) for byte in visible}
    hidden = [byte for byte in range(256) if byte not in letters]
    letters.update({byte: chr(256 + i) for i, byte in enumerate(hidden)})
    return [letters[byte] for byte in range(256)]


def train(texts, size, spaced):
    """(tokens, merges) of a vocabulary of ``size`` entries, the special ones at its end.

    spaced: how many entries are a space and a frequent word.
    """
    letters = alphabet()
    counts, after_space = Counter(), Counter()
    for word, count in Counter(word for text in texts for word in WORD.findall(text)).items():
        if len(word) > 1 and word[1].isalpha() and not word[0].isalpha() and word[0] != "'":
            counts[word[1:]] += count
            after_space[word[1:]] += count * (word[0] == " ")
        else:
            counts[word] += count
    words = [[letters[byte] for byte in word.encode()] for word in counts]
    weights = list(counts.values())
    pairs, places = Counter(), defaultdict(set)
    for i, word in enumerate(words):
        for pair in zip(word, word[1:]):
            pairs[pair] += weights[i]
            places[pair].add(i)
    tokens, merges = list(letters), []
    while len(tokens) + len(SPECIAL) + spaced < size:
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(" ".join(best))
        tokens.append("".join(best))
        for i in sorted(places.pop(best)):
            word = words[i]
            for pair in zip(word, word[1:]):
                pairs[pair] -= weights[i]
            words[i] = word = merged(word, best)
            for pair in zip(word, word[1:]):
                pairs[pair] += weights[i]
                places[pair].add(i)
        del pairs[best]
    space = letters[ord(" ")]
    known = set(tokens[len(letters) :])
    frequent = [word for word, _ in after_space.most_common() if word in known][:spaced]
    merges += [f"{space} {word}" for word in frequent]
    tokens += [space + word for word in frequent]
    return [*tokens, *SPECIAL], merges


def merged(word, pair):
    result, i = [], 0
    while i < len(word):
        if tuple(word[i : i + 2]) == pair:
            result.append(word[i] + word[i + 1])
            i += 2
        else:
            result.append(word[i])
            i += 1
    return result

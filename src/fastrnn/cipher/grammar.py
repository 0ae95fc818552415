"""The built-in corpus: sentences about a small harbour town, drawn from a small grammar.

A rule maps a name to its alternatives, with ``|`` between them; ``<name>`` inside an alternative
stands for a rule, and ``3 * text`` gives one three times the weight of a plain one. Every sentence
is in upper case, with spaces around its punctuation, as in the decipher corpus, for which this one
stands in.

The draws use nothing but ``random.Random.random``, the one method whose sequence Python promises
to keep for a given seed, so that every version of Python and NumPy draws the same sentences.
"""

from __future__ import annotations

import random
import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate, islice

__all__ = ["LONGEST", "RULES", "SEED", "SENTENCES", "generate"]

SENTENCES = 10_001
LONGEST = 101
SEED = 0

RULES: dict[str, str] = {
    "sentence": """
        10 * <trade> <when> , <joint> <trade> .
        | 8 * THE <boat> <sails> <when> , <joint> IT <moors> AT THE <place> <around> <hour> .
        | 5 * WHILE <name> <made> THE <thing> , <name> <made> THE <stuff> <thing> .
        | 3 * <name> PLAYS THE <instrument> <often> IN THE <place> , <joint> <name> <joins> .
        | 3 * THE <stuff> <thing> <is> <rather> <quality> .
        | 3 * <name> <keeps> <owner> <stuff> <thing> <near> THE <place> .
        | 2 * <name> <keeps> THE <instrument> <near> THE <place> .
        | <asks> THE <stuff> <thing> <near> THE <place> ?
        """,
    "joint": "3 * AND | 3 * BUT | SO",
    "trade": "THE <crew> <stocks> <number> <goods>",
    "crew": "BAKERS | WEAVERS | DIVERS | JEWELERS | COOKS | SAILORS | POTTERS | COBBLERS",
    "stocks": "SELL | CARRY | EXPORT | WANT | BRING | UNPACK | INSPECT",
    "number": "TWO | SIX | SEVEN | TWELVE | FORTY | SIXTY | A FEW | MANY | DOZENS OF",
    "goods": """
        LOAVES | BARRELS | QUILTS | JARS | ROPES | BOXES | MAPS | LANTERNS | CLOCKS | WHEELBARROWS
        """,
    "when": "2 * ON <day> | EVERY <day> | EARLY ON <day> | 3 * <around> <moment>",
    "day": "MONDAY | TUESDAY | WEDNESDAY | THURSDAY | FRIDAY | SATURDAY | SUNDAY",
    "moment": "DAWN | NOON | DUSK",
    "around": "3 * BEFORE | 3 * AFTER | JUST BEFORE | SHORTLY AFTER",
    "hour": "ONE | THREE | FIVE | EIGHT | NINE | TEN | ELEVEN",
    "boat": "FERRY | TUGBOAT | YACHT | SCHOONER | CANOE | TRAWLER",
    "sails": "SAILS | SETS OUT | CASTS OFF | GOES OUT | LEAVES",
    "moors": "ANCHORS | ARRIVES | TURNS UP | TIES UP | UNLOADS",
    "place": """
        HARBOR | QUAY | LIGHTHOUSE | KITCHEN | WORKSHOP | BRIDGE | CHAPEL | MUSEUM | TOWER | GARDEN
        """,
    "name": "ZOE | MAX | JACK | QUENTIN | VERA | FELIX | HAZEL | OSKAR | IVY | MARGOT | ABBY | UMA",
    "made": "MENDED | PAINTED | SHARPENED | CLEANED | MEASURED | DROPPED | BORROWED | WRAPPED UP",
    "thing": "COMPASS | KEY | KETTLE | ANVIL | WHISTLE | LADDER | TELESCOPE | BUCKET | HINGE | JUG",
    "stuff": "BRONZE | ZINC | OAK | SILVER | COPPER | WOODEN | JADE | GLASS | WAXED | RUSTY",
    "instrument": "VIOLIN | CELLO | FLUTE | BANJO | TRUMPET | XYLOPHONE | DRUMS",
    "often": "4 * QUIETLY | 4 * WELL | 4 * LOUDLY | BY HEART | FOR AN HOUR",
    "joins": "DANCES | JUST HUMS | SINGS ALONG | WON'T LISTEN | CLAPS",
    "is": "8 * IS | 8 * WAS | ISN'T | WASN'T",
    "rather": "TOO | QUITE | VERY | NOT | A BIT",
    "quality": "HEAVY | LIGHT | PRECIOUS | CHEAP | LOOSE | USEFUL | FRAGILE | DUSTY",
    "keeps": "KEEPS | HIDES | FORGETS | LOOKS FOR | FINDS",
    "owner": "MY | YOUR | OUR | THEIR",
    "near": "NEAR | BEHIND | BELOW | INSIDE | OUTSIDE | OPPOSITE",
    "asks": "WHO HID | WHO LEFT | WHO SAW | DID YOU FIND | MAY I PUT",
}

_REFERENCE = re.compile(r"<(\w+)>")


class _Rule:
    """The alternatives of one rule, ready to be drawn from.

    Each is kept as a format string with the names of the rules that fill its gaps.
    """

    def __init__(self, text: str) -> None:
        self.alternatives: list[tuple[str, list[str]]] = []
        weights = []
        for alternative in map(str.strip, text.split("|")):
            weight, _, form = alternative.rpartition(" * ")
            weights.append(int(weight or 1))
            self.alternatives.append((_REFERENCE.sub("{}", form), _REFERENCE.findall(form)))
        self.bounds = list(accumulate(weights))


def _expand(rules: dict[str, _Rule], name: str, generator: random.Random) -> str:
    """Draw one text of the rule ``name``."""
    rule = rules[name]
    ticket = int(generator.random() * rule.bounds[-1])
    form, gaps = rule.alternatives[bisect_right(rule.bounds, ticket)]
    return form.format(*[_expand(rules, gap, generator) for gap in gaps]) if gaps else form


def _sentences(seed: int) -> Iterator[str]:
    """Draw sentences without end; one that is too long for a line is drawn again."""
    rules = {name: _Rule(text) for name, text in RULES.items()}
    generator = random.Random(seed)
    while True:
        sentence = _expand(rules, "sentence", generator)
        if len(sentence) <= LONGEST:
            yield sentence


def generate(count: int = SENTENCES, seed: int = SEED) -> list[str]:
    """Draw sentences from the grammar.

    Parameters
    ----------
    count : int
        How many; the first `count` of one endless sequence, so that a shorter corpus is the
        beginning of a longer one.
    seed : int
        Where the sequence starts, an integer of at least 0.

    Returns
    -------
    list of str
        Sentences of at most `LONGEST` characters, in upper case.

    Raises
    ------
    ValueError
        `count` or `seed` is negative.
    """
    if count < 0:
        raise ValueError(f"count: {count}, but it should be at least 0")
    if seed < 0:
        raise ValueError(f"seed: {seed}, but it should be at least 0")
    return list(islice(_sentences(seed), count))

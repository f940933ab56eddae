"""The category of a question by rules over its words, tried in order; pure, under 100 microseconds.

Players write fragments ("number of hands", "colour of jeep"), so the rules look for what is asked, not for
grammar. The answer helps only where the question alone leaves it open. What is no question about a picture
is invalid: greetings, commands to the model, single symbols, gibberish.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from stumper.curate.answers import normal
from stumper.curate.forms import COLOURS
from stumper.records import Category


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(rf"(?:{pattern})" for pattern in patterns))


_BE: Final = r"(?:is|are|was|were|do|does|did|has|have|can|could)"
_SIDES: Final = r"(?:left|right|top|bottom|middle|cent(?:er|re)|front|rear)"
_LIMB: Final = (
    r"(?:hands?|arms?|foot|feet|legs?|eyes?|ears?|wrists?|knees?|elbows?|shoulders?|thumbs?|sides?)"
)

_COMMANDS: Final = _any(
    r"\b(?:ignore|disregard|forget) (?:all |the |your |any )*(?:previous|prior|above|earlier|"
    r"instructions?)\b",
    r"\b(?:system prompt|you are (?:now|chatgpt|an? (?:ai|assistant|language model))|jailbreak|api key)\b",
    r"\b(?:write|tell|sing|compose)(?: me| us)? (?:a|an|some) (?:poem|story|joke|song|essay|code)\b",
    r"cannot be generated|^<.*>$",
)
_GREETINGS: Final = _any(
    r"^(?:hi|hello|hey|yo|good (?:morning|evening|night|day)|thanks?|thank you|ok|okay|test(?:ing)?|lol|bye|"
    r"wow|nice|cool|yes|no)\b(?: (?:there|you|bot|robot|all|everyone|again|test(?:ing)?))*$",
    r"\b(?:how are you|who are you|what is your (?:name|age)|are you (?:a )?(?:human|real|robot|ai|there|"
    r"ok|stupid))\b",
    r"\b(?:who (?:made|created|trained) you|do you (?:like|love)|what (?:day|date|year) is (?:it|today))\b",
)

_MORE: Final = (
    r"(?:more|fewer|less|bigger|smaller|larger|taller|shorter|longer|older|younger|higher|lower|wider|"
    r"thicker|"
    r"heavier|closer|nearer|farther|further|brighter|darker|faster)"
)
_MOST: Final = (
    r"(?:biggest|smallest|largest|tallest|shortest|longest|oldest|youngest|highest|lowest|widest|most|"
    r"fewest|least|"
    r"closest|nearest|farthest|furthest|brightest|darkest|heaviest)"
)
_COMPARISON: Final = _any(
    rf"\b{_MORE}\b.*\b(?:than|or)\b",
    rf"^(?:which|what|who|are|is|does|do)\b.*\b{_MORE}\b(?! than (?:\d+|one|two|three|four|five|ten)\b)",
    rf"^(?:which|what|who)\b.*\b(?:is|are|has|have|looks?|seems?|stands?) (?:the )?{_MOST}\b",
    rf"^(?:which|what) (?:is|are) the {_MOST}\b",
    rf"^(?:the )?{_MOST} (?!(?:of )?the (?:left|right))(?:animal|thing|object|person|one)\b",
    r"\b(?:same|different|equal|identical|alike|similar)\b.*\b(?:as|to|from|colou?rs?|sizes?|numbers?|"
    r"shapes?)\b",
    r"\b(?:same (?:number|size|colou?r|height|shape)|as (?:many|big|tall|large|long|high) as|equal number)\b",
    r"\b(?:difference between|compared? (?:to|with)|outnumber)\b",
    r"^(?:which|what|who) is (?:big|small|tall|large|long) .* or\b",
    rf"\b(?:which|who|what)\b.*\b(?:{_MORE[3:-1]})\b",
    rf"^.* or .*\b{_MORE}$",
    rf"\b{_MOST} (?:thing|object|animal|one|item)\b",
    rf"\b(?:which|what) (?:thing|object|animal|one|item)\b.*\b{_MOST}$",
    rf"\bwhich (?:one )?(?:is|of) .*{_MOST}$",
)
_WHAT_IF: Final = _any(
    r"^if\b(?!.*\b(?:left or right|went)\b)",
    r"\b(?:if|when|after|with) (?:one|two|three|a|an|another|half|all) (?:more )?.*\b(?:leaves?|goes|"
    r"comes?|joins?|more)\b",
    r"\bwith (?:one|two|three|four) more\b",
    r"^(?:remove|add|adding|take away)\b.*\b(?:how many|what)\b",
    r"\b(?:sum of|plus|minus)\b",
    r"^how many\b.* and .*\b(?:together|in all|in total|altogether)$",
)

_MORE_THAN: Final = _any(
    r"\b(?:more|fewer|less) than (?:\d+|one|two|three|four|five|six|seven|eight|nine|ten)\b",
)
_COUNTING: Final = _any(
    r"\bhow (?:many|much)\b",
    r"^total\b",
    r"^(?:(?:what|whats|what's) (?:is |are )?)?(?:the )?(?:total |exact |approximate |visible |correct )*"
    r"(?:numbers?|nos?|count|quantity|amount|nr)\.? of\b",
    r"\b(?:total|exact) (?:number|count)\b",
    r"^(?:please )?(?:can you )?count\b",
    r"\bcount of\b",
    r"^is the number of\b",
    rf"^{_BE} there (?:only |exactly |just |at least )?(?:\d+|two|three|four|five|six|seven|eight|nine|ten) ",
)
_TEXT: Final = _any(
    r"\b(?:written|writing|wri+t+en|writ+n|inscribed|printed|engraved|spell(?:s|ed)?|handwrit\w+)\b",
    r"\b(?:says?|said|read|reads)\b(?! a book| the book| books| a newspaper)",
    r"\b(?:texts?|words?|letters?|alphabets?|digits?|numerals?|slogan|captions?|headline|titles?|fonts?|logo|"
    r"brand(?: name)?|labels?|signature|watermark|url|website|initials|abbreviation)\b",
    r"\b(?:licen[cs]e|number|registration|name) ?plates?\b",
    r"\b(?:plate|jersey|bib|shirt|bus|car|train|plane|flight|route|phone|house|door|room|player|boat|engine) "
    r"(?:number|no\b)",
    r"\bnumbers? (?:is |are )?(?:on|shown on|visible on|displayed)\b",
    r"\b(?:what|which) (?:is the |are the )?numbers?\b(?! of\b)",
    r"\bwhat is the number of the (?:car|bus|train|plane|boat|player|house|truck|van)\b",
    r"\bwhat (?:is|stands) on the (?:sign|label|board|poster|plate|banner|screen)\b",
    r"\b(?:time|hours?|o'?clock|dial|gauge|thermometer|speedometer|scoreboard)\b.*\b(?:show\w*|display\w*|"
    r"indicat\w*|point\w*|say|tell|clock|watch|reading)\b",
    r"\b(?:clock|watch) (?:show\w*|display\w*|indicat\w*|time|point\w*|reading)\b",
    r"\b(?:what|which|wat) (?:is the |exact )?(?:time|hour|date|year|price|score|speed limit|temperature)\b",
    r"^(?:the )?time (?:on|in|shown)\b",
    r"\bwhere (?:is|are|do|does) the (?:hour|minute|second|big|little|short|long) hands? (?:point|of)",
    r"\bname of the (?:shop|store|restaurant|hotel|bank|company|team|street|station|book|airline|ship|"
    r"boat|city)\b",
)
_COLOR: Final = _any(
    r"\b(?:what|which|wich|wat|tell|name|say|identify)\b.*\bcolou?rs?\b",
    r"\bcolou?rs? (?:of|is|are|does|do|has|have)\b",
    r"^(?:the )?\w* ?\w* ?colou?rs?$",
    r"\b(?:colou?r(?:ed|ful)?|shade|hue|painted|tint)\b",
    rf"^(?:is|are|was|were|does|do|has|have)\b(?! there)(?! any).*\b(?:{'|'.join(sorted(COLOURS))})$",
    rf"^(?:is|are)\b(?! there)(?! any).*\b(?:{'|'.join(sorted(COLOURS))})(?: or)\b",
)
_LIMB_SIDE: Final = _any(
    rf"\b(?:which|what|whose)\b (?:\w+ )?{_LIMB}\b(?! (?:is|are) (?:shown|written))",
    rf"\b(?:left|right) or (?:left|right) {_LIMB}\b",
)
_GAZE: Final = _any(
    r"\b(?:facing|faces?|looking|looks|gazing|turned|heading|pointing)\b.*\b(?:left|right|way|sides?|"
    r"directions?|"
    r"camera|front|back|away|towards?|us|viewer|up|down)\b",
    r"\b(?:which|what) (?:way|side|direction)\b.*\b(?:facing|faces?|looking|looks?|gazing|turned|heading)\b",
    r"\b(?:seen?|see|front|back)\b.*\bfrom (?:the )?(?:front|back|behind)\b",
    r"\bfront or (?:the )?back of the (?:person|man|woman|boy|girl|dog|cat|animal|player)\b",
)
_PLACE: Final = (
    r"(?:to the (?:left|right) of|left of|right of|behind|under|underneath|beneath|below|above|beside|"
    r"next to|"
    r"in front of|between|inside|on top of|near|on the (?!left|right|top|bottom|picture|image|photo))"
)
_WHAT_THERE: Final = _any(
    rf"^(?:what|which|who)\b.*\b(?:is|are|stands?|sits?|lies|hangs?|there|see)\b.*{_PLACE}",
    rf"^(?:name )?(?:the )?(?:thing|object|item|animal|person)s? (?:is )?(?:that is )?{_PLACE}",
)
_WHAT_AT: Final = _any(
    rf"^(?:what|which|who)\b(?!.*\b(?:colou?r|side|hand)\b).*\b(?:at|in|on|"
    rf"to) the (?:far )?{_SIDES}(?: {_SIDES})?$",
    r"^(?:what|which|who)\b.*\b(?:do|can|could|did) (?:you|u|we|i) (?:see|spot|find|notice)\b",
    r"^(?:what|which) (?:\w+ )?(?:thing|object|animal|item)s?\b",
)
_SPATIAL: Final = _any(
    r"\bwhere\b",
    r"\b(?:which|what) (?:sides?|directions?|way|corner|half|part|position|lane|row|end)\b",
    r"\b(?:location|position|placement|direction|orientation) of\b",
    rf"\b(?:on|to|at|in|from|towards?) (?:the |his |her |its |their )?(?:far |"
    rf"extreme )?{_SIDES}\b(?=.*\bor\b)",
    rf"^{_BE} (?!there\b)(?!any\b).*\b(?:left|right|above|below|behind|under|underneath|beneath|beside|"
    rf"inside|"
    r"outside|between|on top|in front|next to|near|close to|opposite)\b",
    r"\b(?:left or right|right or left|top or bottom|front or back|inside or outside|in front or behind)\b",
    r"\bhow (?:far|close|near)\b",
)
_SCENE: Final = _any(
    r"\b(?:indoors?|outdoors?|in ?doors?|out ?doors?)\b",
    r"\b(?:day ?time|night ?time|day or night|night or day|daylight|sunny|cloudy|rainy|raining|snowing|"
    r"foggy|stormy|"
    r"weather|season|climate)\b",
    r"\b(?:what|which) (?:kind |type |sort )?(?:of )?(?:room|place|location|scene|setting|surroundings|"
    r"season|city|country|venue|"
    r"environment|landscape|time of (?:day|year)|background|event|occasion)\b",
    r"^(?:what|which)(?: is| does)?(?: in)? (?:the |this )?(?:background|scene|setting|location|place)\b",
    r"\bwhere (?:was|is|were|are|does) (?:this|it|we)\b(?: \w+)?$",
    r"\bwhere (?:was|is|were|are) (?:this|the) (?:picture|photo|image|photograph|scene)\b",
    r"^(?:the )?(?:location|place|background|setting|scene|surroundings?|weather)$",
    r"\b(?:picture|photo|image|photograph|scene)\b.*\b(?:taken|set)\b",
    r"\bis (?:it|this|the (?:picture|scene|photo|image)) (?:in |at |on |set in |taken (?:in|at|"
    r"on) )?(?:the |a )?"
    r"(?:beach|city|forest|kitchen|room|street|park|night|day|winter|summer|snow|meadow|farm|desert|"
    r"inside|dark)\b",
    r"\bwhat time of (?:the )?(?:day|year)\b",
    r"\b(?:describe|what is happening in|what is shown in|what do you see in) (?:the |this )?"
    r"(?:image|picture|scene|photo)\b",
)
_ACTION: Final = _any(
    r"\b(?:what|wat) (?:is|are|was|were|does|do|did)\b.*\b(?:doing|do|up to)\b",
    r"\b(?:doing|activity|action|pose|posture|gesture|expression|gaze|mood|feeling|emotion)\b",
    r"\bwhat (?:sport|game)\b",
    r"\b(?:facing|looking|staring|gazing|pointing|smiling|laughing|crying|sleeping|sitting|standing|"
    r"walking|running|"
    r"riding|flying|eating|drinking|jumping|playing|holding|wearing|waving|raising|raised|raises|swimming|"
    r"driving|"
    r"lying|carrying|throwing|catching|kicking|hitting|reading|cooking|dancing|talking|moving|asleep|"
    r"awake|posing|"
    r"pulling|pushing|cutting|climbing|surfing|skiing|skating|leaning|kneeling|crouching)\b",
    r"\b(?:look|looks|face|faces|hold|holds|wear|wears|ride|rides|eat|eats|wave|waves|raise|sit|sits|"
    r"stand|stands)\b",
)
_REASONING: Final = _any(
    r"\bwhy\b",
    r"\bhow come\b",
    r"\bwhat (?:will|would|might|could|should|may)\b(?!.*\bbe seen\b)",
    r"\b(?:would|should|likely|probably|suggest|imply|infer|conclude|predict|guess|reason|because|purpose|"
    r"safe|"
    r"dangerous|happen(?:s|ed)? (?:next|before|after)|going to|about to|used for|possible|able to|allowed|"
    r"relationship|profession|occupation|job|if)\b",
    r"\b(?:how old|what age|age of)\b",
    r"\bhow (?:is|are|was|were|do|does|did|can|could)\b(?!.*\bpatterned\b)",
    r"\bdo (?:you think|they know)\b",
)
_EXISTENCE: Final = _any(
    rf"^(?:so |and |hey |please )*(?:{_BE}|isn'?t|aren'?t) (?:there|their|any|some|anyone|anybody|"
    rf"anything|someone)\b",
    r"\bis there\b",
    r"\bare there\b",
    r"\b(?:can|do|could) (?:you|u|we|i) (?:see|spot|find|notice)\b",
    r"^any\b",
    rf"^{_BE}\b.*\b(?:visible|present|shown|seen|exist|appear)\b",
    r"^(?:does|do|has|have) (?:the|this|he|she|it|they)\b.*\b(?:have|has|contain|include|show)\b",
    r"\b(?:exists?|have you (?:spotted|seen))\b",
    rf"^{_BE} (?:a|an|any)\b.*\bin (?:the|this) (?:image|picture|photo|scene)\b",
    r"\b(?:with or without|presence of)\b",
)
_PROPERTY: Final = _any(
    r"\b(?:shape|size|material|pattern|texture|design|length|width|height|diameter|weight|"
    r"thickness) (?:of|is|are|on)\b",
    r"\b(?:what|which) (?:is the )?(?:shape|size|material|pattern|texture|design|length|width|height|"
    r"gender)\b",
    r"\b(?:made of|made from|open or (?:shut|closed)|(?:shut|closed) or open|full or empty|on or off|"
    r"wet or dry)\b",
    r"\b(?:striped|dotted|checked|plain|spotted) or\b",
)
_ATTRIBUTE: Final = _any(
    r"\b(?:shape|size|material|pattern|texture|length|width|height|diameter|weight|thickness|style|design|"
    r"condition|state|gender|sex|breed|flavou?r|brand|model|quality|temperature|decorated)\b",
    r"\b(?:open|opened|closed|shut|turned on|switched on|full|empty|wet|dry|clean|dirty|broken|old|new|"
    r"big|small|"
    r"large|tall|short|long|round|square|striped|stripes|spotted|dotted|dots|checked|plain|wooden|male|"
    r"female|lit|"
    r"folded|bent|curly|bald|fat|thin|ripe|cooked|sliced|tied)\b",
    r"\bhow (?:big|tall|large|long|small|wide|high|thick|heavy|deep|old)\b",
    r"^(?:what|which) (?:kind|type|sort)s? of (?:hair|pattern|texture|surface|material|fabric|clothes|"
    r"shape)\b",
    r"\bwhat does\b.*\b(?:look|looks) like\b",
)
_IDENTIFICATION: Final = _any(
    r"\b(?:what|which|who|whom|whose|wat|wich|name|identify)\b",
    r"\b(?:kind|type|sort|species|breed) of\b",
)

# The first pattern found names the category: what is asked *for* comes before what is asked *about*.
_RULES: Final = (
    (Category.INVALID, _GREETINGS),
    (Category.REASONING, _WHAT_IF),
    (
        Category.TEXT,
        _any(r"\bwhat is the number of the (?:car|bus|train|plane|boat|player|house|truck|van)\b"),
    ),
    (Category.COUNTING, _any(r"^(?:exactly )?how m\w*n\w*y\b", r"\bnumbers? of\b")),
    (Category.COUNTING, _MORE_THAN),
    (Category.COMPARISON, _COMPARISON),
    (Category.COUNTING, _COUNTING),
    (Category.SCENE, _SCENE),
    (Category.ATTRIBUTE, _PROPERTY),
    (Category.COLOR, _any(r"^(?:what|which) colou?r\b")),
    (Category.TEXT, _TEXT),
    (Category.ACTION, _GAZE),
    (Category.SPATIAL, _LIMB_SIDE),
    (Category.COLOR, _COLOR),
    (Category.SPATIAL, _WHAT_THERE),
    (Category.IDENTIFICATION, _WHAT_AT),
    (Category.REASONING, _REASONING),
    (Category.SPATIAL, _any(r"\b(?:left|right|top|bottom|front) or\b.*\b(?:left|right|top|bottom|back)\b")),
    (Category.EXISTENCE, _EXISTENCE),
    (Category.SPATIAL, _SPATIAL),
    (Category.ACTION, _ACTION),
    (Category.ATTRIBUTE, _ATTRIBUTE),
    (Category.IDENTIFICATION, _IDENTIFICATION),
)
_POLITE: Final = re.compile(
    r"^(?:(?:please|so|hey|and|can you|would you) )*(?:(?:tell|say|call|look)(?: me| us| for)?(?: if|"
    r" whether)? )?"
    r"(?=\w+ )"
)
_IN_PICTURE: Final = re.compile(r" (?:visible )?(?:in|of) (?:the|this) (?:picture|image|photo|photograph)$")
_KEYWORDS: Final = tuple(
    "colour color pattern number background biggest smallest largest tallest shortest bigger smaller taller "
    "shorter larger where which written writing direction raised picture image visible facing looking "
    "material setting location weather happening wearing holding license".split()
)
_YES_NO: Final = re.compile(rf"^{_BE}\b")


@lru_cache(maxsize=65_536)
def classify(question: str, answer: str = "") -> Category:
    """Returns the category of a question; ``answer`` (short) decides where the question alone does not."""
    plain = " ".join(re.sub(r"[^\w\s'<>/]", " ", question.casefold()).split())
    if not _is_speech(plain):
        return Category.INVALID
    if _COMMANDS.search(plain):
        return Category.INVALID
    asked = _asked(plain)
    for category, pattern in _RULES:
        if pattern.search(asked):
            return category
    return _by_answer(asked, normal(answer))


def _asked(plain: str) -> str:
    """Returns the question without politeness and without its 'in the picture', key words spelt right."""
    plain = re.sub(r"\b(wh(?:at|o|ere|ich))'?s\b", r"\1 is", plain)
    words = [_spelt(word) for word in plain.split()]
    plain = _POLITE.sub("", " ".join(words))
    return _IN_PICTURE.sub("", plain) or plain


@lru_cache(maxsize=16_384)
def _spelt(word: str) -> str:
    """Mends one slip (a letter more, less, wrong, or two swapped) in a key word of five letters or more."""
    if len(word) < 5 or word in _KEYWORDS:
        return word
    near = process.extractOne(word, _KEYWORDS, scorer=OSA.distance, score_cutoff=1)
    return word if near is None or near[0][0] != word[0] or near[0] in (word + "s", word[:-1]) else near[0]


def _is_speech(asked: str) -> bool:
    """Two letters in a row with a vowel somewhere, in any script; 'asdfgh', '???' and 'xxxx' are not."""
    letters = [word for word in re.findall(r"[^\W\d_]+", asked) if len(word) > 1]
    if not letters:
        return False
    return any(not word.isascii() or re.search(r"[aeiouy]", word) for word in letters) and not all(
        re.search(r"[bcdfghjklmnpqrstvwxz]{5}|(.)\1\1", word) for word in letters
    )


def _by_answer(asked: str, said: str) -> Category:
    """A bare fragment ('dogs', 'the door'): what was answered tells what was asked."""
    if said.isdigit():
        return Category.COUNTING
    if said in COLOURS:
        return Category.COLOR
    if said in ("left", "right", "top", "bottom", "middle"):
        return Category.SPATIAL
    if said in ("yes", "no") or _YES_NO.match(asked):
        return Category.EXISTENCE
    return Category.IDENTIFICATION if len(asked.split()) > 1 else Category.INVALID

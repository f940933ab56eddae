"""Names of levels, tiers, badges, categories and reasons, and what to do next, in the reader's language."""

from __future__ import annotations

from typing import NamedTuple

from stumper.curate.belief import Cause
from stumper.front.i18n import Words
from stumper.progress.badges import DOUBTS, EXPLORED, FAIR_RUN, HONEST_RUN, TAUGHT, Badge
from stumper.progress.leagues import Tier
from stumper.progress.quests import Quest
from stumper.progress.standing import Goal, Next
from stumper.records import Category
from stumper.trust.rewards import Reason


class Named(NamedTuple):
    name: str
    how: str
    """How it is earned."""


def level(number: int, words: Words) -> str:
    """Returns the name of a level, 1 to 12."""
    return (
        words("Visitor"),
        words("Neighbour"),
        words("Lamplighter"),
        words("Letter carrier"),
        words("Bridge builder"),
        words("Clockmaker"),
        words("Signal keeper"),
        words("Stationmaster"),
        words("Mapmaker"),
        words("Lighthouse keeper"),
        words("Inventor"),
        words("Mayor"),
    )[number - 1]


def tier(which: Tier, words: Words) -> str:
    """Returns the name of a tier's leagues."""
    return (
        words("Paper league"),
        words("Wood league"),
        words("Tin league"),
        words("Copper league"),
        words("Silver league"),
        words("Gold league"),
    )[which]


def badge(which: Badge, words: Words) -> Named:
    """Returns what a badge is called and how it is earned."""
    return {
        Badge.SHARP: Named(
            words("Sharp eye"),
            words("Catch every false answer of a full session, without a false alarm"),
        ),
        Badge.HONEST: Named(words("Fair play"), words("Let {n} right answers in a row stand", n=HONEST_RUN)),
        Badge.PIONEER: Named(words("Pioneer"), words("Make the first confirmed catch of its kind")),
        Badge.EXPLORER: Named(words("Explorer"), words("Have catches of {n} kinds confirmed", n=EXPLORED)),
        Badge.AGAINST: Named(
            words("Against the odds"),
            words("Be right in the end although {n} referees doubted it", n=DOUBTS),
        ),
        Badge.FAIR: Named(
            words("Golden whistle"), words("Rule {n} settled cases right in a row", n=FAIR_RUN)
        ),
        Badge.TEACHER: Named(words("Teacher"), words("Have the model learn {n} of your catches", n=TAUGHT)),
        Badge.PHOENIX: Named(words("Phoenix"), words("Bring a broken streak back")),
    }[which]


def quest(category: Category, words: Words) -> str:
    """Returns what a quest asks for, as one short sentence."""
    return {
        Category.EXISTENCE: words("Ask whether something is there"),
        Category.COUNTING: words("Ask how many there are"),
        Category.COLOR: words("Ask about colours"),
        Category.ATTRIBUTE: words("Ask about size, shape or pattern"),
        Category.IDENTIFICATION: words("Ask what or who it is"),
        Category.TEXT: words("Ask what is written there"),
        Category.SPATIAL: words("Ask where things are"),
        Category.ACTION: words("Ask what somebody is doing"),
        Category.SCENE: words("Ask about the place, the weather or the time of day"),
        Category.COMPARISON: words("Ask which one is bigger, or of what there are more"),
        Category.REASONING: words("Ask why, or what will happen next"),
        Category.INVALID: words("Ask something new"),
    }[category]


def quest_pays(quest: Quest, words: Words) -> str:
    """Returns what a quest pays and for what, as one or two short sentences; empty if it pays nothing."""
    if not quest.points:
        return ""
    if quest.thing is None:
        told = words("+{points} for each such catch that others confirm.", points=quest.points)
    else:
        told = words(
            "+{points} for each such catch that others confirm, on pictures with: {thing}.",
            points=quest.points,
            thing=quest.thing,
        )
    limit = words("At most {n} a day, and not for yes or no.", n=quest.goal)
    return f"{told} {limit}"


def next_goal(goal: Next, words: Words) -> str:
    """Returns what is worth doing next, as one sentence."""
    n = goal.n
    return {
        Goal.RESTORE: lambda: words.count(
            "Finish {n} session today to bring your streak back.",
            "Finish {n} sessions today to bring your streak back.",
            n,
        ),
        Goal.STREAK: lambda: words.count(
            "Your streak of {n} day ends tonight. Three pictures keep it.",
            "Your streak of {n} days ends tonight. Three pictures keep it.",
            n,
        ),
        Goal.QUEST: lambda: words.count(
            "{n} more question and today's quest is done.",
            "{n} more questions and today's quest is done.",
            n,
        ),
        Goal.RISE: lambda: words.count(
            "Climb {n} place and you rise to the next league.",
            "Climb {n} places and you rise to the next league.",
            n,
        ),
        Goal.LEVEL: lambda: words.count(
            "{n} more catch to the next level.", "{n} more catches to the next level.", n
        ),
        Goal.PLAY: lambda: words("Play on: Pixel has not seen everything yet."),
    }[goal.goal]()


def time_left(seconds: float, words: Words) -> str:
    """Returns how long a season goes on."""
    hours = max(1, round(seconds / 3600))
    if hours < 48:
        return words.count("{n} hour left", "{n} hours left", hours)
    return words.count("{n} day left", "{n} days left", hours // 24)


def reason(why: Reason, words: Words) -> str:
    """Returns why a line of a session's account has its points."""
    return {
        Reason.HIT: words("You caught a falsified answer."),
        Reason.FALSE_ALARM: words("You marked an honest answer wrong. Look once more before you tap."),
        Reason.MISS: words("This answer was falsified and you let it pass. That costs nothing."),
        Reason.CLEAN: words("You trusted an honest answer. No points, but it shows that you look."),
        Reason.TOO_SOON: words(
            "You caught a falsified answer, but so soon after the last one that it pays nothing."
        ),
        Reason.REPEAT: words(
            "You caught a falsified answer, but by asking the same question again: that pays nothing."
        ),
        Reason.DAY_LIMIT: words("You have played all the time that pays today. This neither pays nor costs."),
        Reason.CONFIRMED: words("Others confirmed it: the robot was wrong, and your answer is right."),
        Reason.WAITING: words("Others confirmed it. The points wait until we know you better."),
        Reason.BOUNTY: words("It was what your quest of the day looked for."),
        Reason.REJECTED: words(
            "Others did not confirm it. Say “wrong” only where you can give the right answer."
        ),
    }[why]


def fate(cause: Cause, words: Words) -> str:
    """Returns why a catch was taken or not, as one kind sentence or two; nothing of who voted how."""
    return {
        Cause.CONFIRMED: words("Others confirmed it: the robot was wrong, and your answer is right."),
        Cause.WRONG_CORRECTION: words(
            "Pixel was wrong, but others found that your answer is not right either."
        ),
        Cause.MODEL_RIGHT: words("Others found that Pixel was right here."),
        Cause.UNANSWERABLE: words("Others found that the picture does not tell. Ask what everybody can see."),
        Cause.DISPUTED: words("Referees could not agree. Somebody from the team looks at it."),
        Cause.CONTRADICTED: words(
            "Somebody else gave another answer to the same question. Somebody from the team looks at it."
        ),
        Cause.FLAGGED: words("Referees asked the team to look at this one."),
        Cause.INVALID: words(
            "This did not read as a question about the picture. Ask for one thing that it shows."
        ),
        Cause.INSULT: words("It has insulting words. Ask again without them."),
        Cause.DOUBTFUL_WORDS: words("It has words that may insult. Somebody from the team looks at it."),
        Cause.PERSONAL: words(
            "It may tell who somebody is or how to reach them. Somebody from the team looks at it."
        ),
        Cause.SEVERAL: words("Two questions in one. Ask them one by one."),
        Cause.NO_ANSWER: words(
            "Your answer does not fit the question. To “how many” say a number, to “what colour” a colour."
        ),
        Cause.GUESSABLE: words(
            "This can be guessed without looking, so Pixel learns nothing from it. "
            "Ask for something that only this picture tells."
        ),
        Cause.OPERATOR_ACCEPTS: words("The team looked at it and agrees with you."),
        Cause.OPERATOR_REJECTS: words("The team looked at it and did not take it."),
        Cause.FORGOTTEN: words("It was deleted."),
    }[cause]

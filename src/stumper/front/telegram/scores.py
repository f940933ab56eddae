"""How a player stands, and the boards, in a few lines each."""

from __future__ import annotations

from stumper.front import naming
from stumper.front.i18n import Words
from stumper.front.telegram import wording
from stumper.front.telegram.client import Button, Rows
from stumper.front.telegram.playing import settle
from stumper.front.telegram.talk import Talk
from stumper.progress.boards.queries import Row
from stumper.progress.boards.tables import Board, Tab, board
from stumper.progress.standing import Standing, standing
from stumper.records import PlayerId
from stumper.trust import queries as trust
from stumper.trust import rewards

_LINES = 10
"""Of a board that goes on and on; a league is told whole."""
_TABS = (Tab.LEAGUE, Tab.NEAR, Tab.WEEK, Tab.ALL)


async def me(talk: Talk) -> None:
    """/me: points, level, streak, quest and league, and what is worth doing next."""
    await settle(talk)
    stands = await standing(talk.app.database, talk.me, now=talk.app.clock())
    async with talk.app.database.read() as tx:
        points = rewards.shown(await trust.balance(tx, talk.me))
    told = [
        talk.words.count("You have {n} point.", "You have {n} points.", points),
        *_lines(stands, talk.words),
    ]
    buttons = [[Button(talk.words("Play"), "play"), Button(talk.words("Boards"), f"boards:{Tab.LEAGUE}")]]
    await talk.say("\n".join(told), buttons=buttons)


def _lines(stands: Standing, words: Words) -> list[str]:
    level, quest, league = stands.level.number, stands.quest, stands.league
    lines = [
        f"🏙 {words('Level {n}', n=level)}: {naming.level(level, words)}",
        wording.streak(stands.streak, words),
    ]
    if quest is not None:
        found = words("{found} of {goal} questions", found=quest.found, goal=quest.goal)
        lines.append(f"★ {naming.quest(quest.category, words)} ({found})")
        pays = naming.quest_pays(quest, words)
        lines += [f"   {pays}"] if pays else []
    if league is not None:
        lines.append(f"🏆 {naming.tier(league.tier, words)}")
        if league.place is not None:
            rank, size = league.place.rank, league.place.size
            lines.append(words("You are {rank} of {size} this week.", rank=rank, size=size))
    if stands.team:
        lines.append(words("You play for the team {name}.", name=stands.team))
    return [*lines, "", "➡️ " + naming.next_goal(stands.next, words)]


async def boards(talk: Talk) -> None:
    """/boards: one's own league first, the others by buttons, each in the same message."""
    tab = Tab(talk.argument) if talk.argument in _TABS else Tab.LEAGUE
    await talk.nod()
    if not talk.incoming.tap_id:
        await settle(talk)
    now = talk.app.clock()
    found = await board(talk.app.database, tab, me=talk.me, now=now)
    text, buttons = _told(found, talk.words, me=talk.me, now=now), _tabs(tab, talk.words)
    if talk.incoming.tap_id:
        await talk.change(talk.incoming.message_id, text, buttons=buttons)
    else:
        await talk.say(text, buttons=buttons)


def _told(found: Board, words: Words, *, me: PlayerId, now: float) -> str:
    head = _name(found.tab, words) if found.tier is None else naming.tier(found.tier, words)
    if found.ends_at is not None:
        head += " · " + naming.time_left(found.ends_at - now, words)
    if not found.rows:
        return f"{head}\n\n{_nobody(found.tab, words)}"
    rows = found.rows if found.tab in (Tab.LEAGUE, Tab.NEAR) else found.rows[:_LINES]
    mine = found.me or next((row for row in found.rows if row.player_id == me), None)
    lines = [_line(row, found, me=me) for row in rows]
    if mine is not None and mine not in rows:
        lines += ["…", _line(mine, found, me=me)]
    return "\n".join((head, "", *lines))


def _line(row: Row, found: Board, *, me: PlayerId) -> str:
    mark = " 👈" if row.player_id == me else ""
    if row.rank <= found.rising and row.points > 0:
        mark = " ▲" + mark
    elif found.falling and row.rank > len(found.rows) - found.falling:
        mark = " ▼" + mark
    return f"{row.rank}. {row.nickname}: {row.points}{mark}"


def _name(tab: Tab, words: Words) -> str:
    return {
        Tab.LEAGUE: words("My league"),
        Tab.NEAR: words("Around me"),
        Tab.WEEK: words("This week"),
    }.get(tab, words("All time"))


def _nobody(tab: Tab, words: Words) -> str:
    return {
        Tab.LEAGUE: words("Your league of the week waits: finish a session and you are in."),
        Tab.NEAR: words("Nobody is around you yet. Your first points of the week put you on this board."),
    }.get(tab, words("Nobody has points here yet. Be the first!"))


def _tabs(now: Tab, words: Words) -> Rows:
    others = [Button(_name(tab, words), f"boards:{tab}") for tab in _TABS if tab is not now]
    return [others, [Button(words("Play"), "play")]]

"""SQL of progress: a player's days, work, league, quest, badges and team."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import and_, bindparam, case, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.errors import NotFound
from stumper.progress.leagues import SIZE, Tier
from stumper.progress.levels import WORK
from stumper.records import CampaignId, Category, PlayerId, PlayerKind, Rules, SessionId
from stumper.store.news import Topic, changes
from stumper.store.prepared import Prepared
from stumper.store.schema import (
    badge,
    campaign,
    exchange,
    league,
    ledger,
    link,
    member,
    player,
    quest,
    score,
    session,
    team,
    turn,
)
from stumper.store.upsert import insert_into


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """What progress needs to know of a player."""

    player_id: PlayerId
    kind: PlayerKind
    time_zone: str
    team_id: str | None
    team: str | None
    """Its name."""
    code: str | None
    campaign_id: CampaignId | None
    """Of their newest session, or the newest there is."""
    work: int
    """What proved right (`levels`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """A week that a player spent in a league."""

    week: int
    league_id: str
    tier: Tier
    number: int
    """Which league of its week and tier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A quest as it was given."""

    category: Category
    goal: int
    points: int
    """For each such claim that is accepted, up to ``goal``."""
    thing: str | None
    done_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A session that was graded."""

    player_id: PlayerId
    campaign_id: CampaignId
    turns: int
    day: int | None
    rules: Rules


# on_conflict_do_nothing: what was done at the same moment stays.
def _once(tx: AsyncConnection, table: Any) -> Any:
    return insert_into(tx, table).on_conflict_do_nothing()


_ID: Final[Any] = bindparam("id")


def _who() -> Prepared:
    newest = (
        select(session.c.campaign_id)
        .where(session.c.player_id == player.c.id)
        .order_by(session.c.started_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    any_ = select(campaign.c.id).order_by(campaign.c.created_at.desc()).limit(1).scalar_subquery()
    counts = or_(*(ledger.c.reason == reason for reason in WORK))
    work = select(func.count()).where(ledger.c.player_id == player.c.id, counts, ledger.c.points > 0)
    return Prepared(
        select(
            player.c.kind,
            player.c.time_zone,
            player.c.team_id,
            team.c.name,
            team.c.code,
            func.coalesce(newest, any_).label("campaign_id"),
            work.scalar_subquery().label("work"),
        )
        .select_from(player.outerjoin(team, team.c.id == player.c.team_id))
        .where(player.c.id == _ID)
    )


_WHO: Final = _who()


async def who(tx: AsyncConnection, player_id: PlayerId) -> Who:
    """Returns a player. Raises NotFound."""
    row = await _WHO.first(tx, {"id": player_id})
    if row is None:
        raise NotFound(f"There is no player {player_id!r}. Choose a name on the start page.")
    return Who(
        player_id=player_id,
        kind=PlayerKind(row.kind),
        time_zone=row.time_zone,
        team_id=row.team_id,
        team=row.name,
        code=row.code,
        campaign_id=None if row.campaign_id is None else CampaignId(row.campaign_id),
        work=int(row.work),
    )


async def lock_player(tx: AsyncConnection, player_id: PlayerId) -> None:
    """Holds the player's row, so that what is done once for them is not done twice at the same moment."""
    query = select(player.c.id).where(player.c.id == player_id).with_for_update(key_share=True)
    await tx.execute(query)


_DAYS: Final = Prepared(
    select(session.c.day, func.count().label("n"))
    .where(session.c.player_id == _ID, session.c.day.is_not(None))
    .group_by(session.c.day)
)


async def days(tx: AsyncConnection, player_id: PlayerId) -> dict[int, int]:
    """Returns how many sessions that count a player finished on each of their days."""
    return {int(row.day): int(row.n) for row in await _DAYS.all(tx, {"id": player_id})}


async def days_of_many(tx: AsyncConnection, player_ids: Sequence[PlayerId]) -> dict[PlayerId, dict[int, int]]:
    """Returns, for each of some hundred players, how many sessions that count they finished on their days."""
    rows = await tx.execute(
        select(session.c.player_id, session.c.day, func.count())
        .where(session.c.player_id.in_(player_ids), session.c.day.is_not(None))
        .group_by(session.c.player_id, session.c.day)
    )
    found: dict[PlayerId, dict[int, int]] = {}
    for player_id, day, n in rows:
        found.setdefault(PlayerId(player_id), {})[int(day)] = int(n)
    return found


async def can_be_told(tx: AsyncConnection, *, since: int) -> list[tuple[PlayerId, str]]:
    """Returns (player, time zone) of those who have a linked account, allow messages, and have played on one
    of their days since ``since``.
    """
    rows = await tx.execute(
        select(player.c.id, player.c.time_zone)
        .where(
            player.c.notices,
            player.c.forgotten_at.is_(None),
            exists().where(link.c.player_id == player.c.id, link.c.blocked_at.is_(None)),
            exists().where(session.c.player_id == player.c.id, session.c.day >= since),
        )
        .order_by(player.c.id)
    )
    return [(PlayerId(row.id), row.time_zone) for row in rows]


_PLAYED: Final = Prepared(
    select(session, campaign.c.rules)
    .join(campaign, campaign.c.id == session.c.campaign_id)
    .where(session.c.id == _ID)
)


async def played(tx: AsyncConnection, session_id: SessionId) -> Played:
    """Returns a session that exists."""
    row = await _PLAYED.first(tx, {"id": session_id})
    return Played(
        player_id=PlayerId(row.player_id),
        campaign_id=CampaignId(row.campaign_id),
        turns=row.turns,
        day=row.day,
        rules=Rules(**row.rules),
    )


async def left_ungraded(tx: AsyncConnection, player_id: PlayerId) -> list[SessionId]:
    """Returns sessions that were finished but not graded, oldest first."""
    left = session.c.finished_at.is_not(None), session.c.graded_at.is_(None)
    query = select(session.c.id).where(session.c.player_id == player_id, *left)
    return [SessionId(id_) for (id_,) in await tx.execute(query.order_by(session.c.finished_at))]


_SEASONS: Final = Prepared(
    select(member.c.week, member.c.league_id, league.c.tier, league.c.number)
    .join(league, league.c.id == member.c.league_id)
    .where(member.c.player_id == _ID)
    .order_by(member.c.week.desc())
    .limit(3)
)


async def seasons(tx: AsyncConnection, player_id: PlayerId) -> list[Season]:
    """Returns a player's newest three seasons, newest first: more than newcomers can have had."""
    return [
        Season(week=row.week, league_id=row.league_id, tier=Tier(row.tier), number=row.number)
        for row in await _SEASONS.all(tx, {"id": player_id})
    ]


async def take_seat(tx: AsyncConnection, player_id: PlayerId, *, week: int, tier: Tier, now: float) -> None:
    """Puts a player into a league of the week and tier that has room, or into a new one.

    Hold the player's row before. The seat is taken by one statement that counts again, and a new league gets
    the number after those that the very same look found full: of two players who come at the same moment to
    the last seat one looks again, and two who need a new league mean the same one.
    """
    which = league.c.week == week, league.c.tier == int(tier)
    open_number = func.min(league.c.number).filter(league.c.members < SIZE)
    while True:
        full, number = (await tx.execute(select(func.count(), open_number).where(*which))).one()
        if number is None:
            values = {"week": week, "tier": int(tier), "number": full + 1, "members": 0}
            await tx.execute(_once(tx, league).values(id=f"{week}-{tier:d}-{full + 1}", **values))
            continue
        open_id = f"{week}-{tier:d}-{number}"
        seat = update(league).where(league.c.id == open_id, league.c.members < SIZE)
        if (await tx.execute(seat.values(members=league.c.members + 1))).rowcount == 1:
            mine = insert(member).values(player_id=player_id, week=week, league_id=open_id, joined_at=now)
            await tx.execute(mine)
            changes(tx, Topic.BOARDS)
            return


_TASK: Final = Prepared(select(quest).where(quest.c.player_id == _ID, quest.c.day == bindparam("on")))


async def task(tx: AsyncConnection, player_id: PlayerId, *, day: int) -> Task | None:
    row = await _TASK.first(tx, {"id": player_id, "on": day})
    if row is None:
        return None
    return Task(
        category=Category(row.category),
        goal=row.goal,
        points=row.points,
        thing=row.thing,
        done_at=row.done_at,
    )


async def give_task(tx: AsyncConnection, player_id: PlayerId, task: Task, *, day: int) -> None:
    """Keeps a day's quest; one that was given before stays."""
    values = {"player_id": player_id, "day": day, **asdict(task), "category": task.category.value}
    await tx.execute(_once(tx, quest).values(values))


async def finish_task(tx: AsyncConnection, player_id: PlayerId, *, day: int, now: float) -> None:
    mine = quest.c.player_id == player_id, quest.c.day == day, quest.c.done_at.is_(None)
    await tx.execute(update(quest).where(*mine).values(done_at=now))


async def stars(tx: AsyncConnection, player_id: PlayerId) -> int:
    """Returns how many quests a player has done."""
    query = select(func.count()).where(quest.c.player_id == player_id, quest.c.done_at.is_not(None))
    return int((await tx.execute(query)).scalar_one())


_QUESTIONS: Final = Prepared(
    select(exchange.c.question)
    .join(turn, turn.c.id == exchange.c.turn_id)
    .join(session, session.c.id == turn.c.session_id)
    .where(session.c.player_id == _ID, session.c.day == bindparam("on"), exchange.c.verdict.is_not(None))
)


async def questions_of(tx: AsyncConnection, player_id: PlayerId, *, day: int) -> list[str]:
    """Returns the judged questions of the sessions that a player finished on one of their days."""
    return [row.question for row in await _QUESTIONS.all(tx, {"id": player_id, "on": day})]


async def badges(tx: AsyncConnection, player_id: PlayerId) -> dict[str, float]:
    """Returns the kinds of badges a player has and when they were earned, oldest first."""
    query = select(badge.c.kind, badge.c.earned_at).where(badge.c.player_id == player_id)
    rows = await tx.execute(query.order_by(badge.c.earned_at, badge.c.kind))
    return {kind: float(at) for kind, at in rows}


async def give_badges(
    tx: AsyncConnection, player_id: PlayerId, kinds: Collection[str], *, now: float
) -> None:
    """Keeps badges; one that was earned before stays as it was."""
    rows = [{"player_id": player_id, "kind": kind, "earned_at": now} for kind in sorted(kinds)]
    if rows:
        await tx.execute(_once(tx, badge), rows)


async def add_team(tx: AsyncConnection, *, id: str, name: str, code: str, now: float) -> None:
    await tx.execute(insert(team).values(id=id, name=name, code=code, created_at=now))


async def lock_team(tx: AsyncConnection, code: str) -> Any | None:
    """Returns the id and name of the team with a code and holds it, so that it cannot overfill."""
    query = select(team.c.id, team.c.name).where(team.c.code == code).with_for_update()
    return (await tx.execute(query)).first()


async def code_taken(tx: AsyncConnection, code: str) -> bool:
    return bool((await tx.execute(select(exists().where(team.c.code == code)))).scalar_one())


async def set_team(tx: AsyncConnection, player_id: PlayerId, team_id: str | None) -> None:
    await tx.execute(update(player).where(player.c.id == player_id).values(team_id=team_id))
    changes(tx, Topic.BOARDS)


async def team_members(tx: AsyncConnection, team_id: str, *, period: str) -> list[tuple[PlayerId, str, int]]:
    """Returns (player, nickname, points in the period) of a team, most points first."""
    points = func.coalesce(score.c.points, 0)
    rows = await tx.execute(
        select(player.c.id, player.c.nickname, points.label("points"))
        .select_from(
            player.outerjoin(score, and_(score.c.player_id == player.c.id, score.c.period == period))
        )
        .where(player.c.team_id == team_id, player.c.forgotten_at.is_(None))
        .order_by(points.desc(), case((score.c.updated_at.is_(None), 1), else_=0), score.c.updated_at)
    )
    return [(PlayerId(id_), nickname, int(n)) for id_, nickname, n in rows]

"""Boards and standing as they go over the wire; no other player's id does."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, Field

from stumper.progress.boards.queries import Row
from stumper.progress.boards.tables import Board, Tab
from stumper.progress.standing import InLeague, Standing
from stumper.progress.teams import Team
from stumper.records import PlayerId
from stumper.trust.rewards import shown


class RowOut(BaseModel):
    rank: int
    name: str
    points: int
    me: bool = Field(description="The caller, or their team.")

    @classmethod
    def of(cls, row: Row, me: PlayerId | None) -> Self:
        return cls(rank=row.rank, name=row.nickname, points=shown(row.points), me=row.player_id == me)


class BoardOut(BaseModel):
    tab: Tab
    rows: list[RowOut]
    mine: RowOut | None = Field(description="The caller's line, where it is not among the rows.")
    tier: int | None = Field(description="Of the league, from 0 (paper) to 5 (gold).")
    rising: int
    falling: int
    ends_at: float | None = Field(description="When the day or week is over; null for all time.")

    @classmethod
    def of(cls, board: Board, me: PlayerId | None) -> Self:
        rows = [RowOut.of(row, me) for row in board.rows]
        rows += [
            RowOut(rank=row.rank, name=row.name, points=shown(row.points), me=row.team_id == board.my_team)
            for row in board.teams
        ]
        return cls(
            tab=board.tab,
            rows=rows,
            mine=None if board.me is None else RowOut.of(board.me, me),
            tier=board.tier,
            rising=board.rising,
            falling=board.falling,
            ends_at=board.ends_at,
        )


class StreakOut(BaseModel):
    days: int
    freezes: int
    done_today: bool
    ends_at: float | None
    lost: int = Field(description="Days of a broken streak that can be restored still.")
    restore_sessions: int
    longest: int
    dots: list[str] = Field(description="The last seven days, today last: played, saved, missed, open.")


class QuestOut(BaseModel):
    category: str
    goal: int
    found: int
    done: bool
    points: int = Field(description="For each such catch that others confirm, up to the goal; 0: none.")
    thing: str | None = Field(description="What must be on the picture, in the words of its annotation.")


class LeagueOut(BaseModel):
    tier: int
    rank: int | None
    size: int | None
    move: int | None = Field(description="Should the week end now: 1 rises, -1 falls.")
    ends_at: float


class StandingOut(BaseModel):
    level: int
    work: int
    next_level_at: int | None
    streak: StreakOut
    quest: QuestOut | None
    stars: int
    league: LeagueOut | None
    badges: list[str]
    team: str | None
    goal: str
    goal_n: int

    @classmethod
    def of(cls, now: Standing) -> Self:
        streak, quest = now.streak, now.quest
        return cls(
            level=now.level.number,
            work=now.level.work,
            next_level_at=now.level.next_at,
            streak=StreakOut(
                days=streak.days,
                freezes=streak.freezes,
                done_today=streak.done_today,
                ends_at=now.streak_ends_at,
                lost=streak.lost,
                restore_sessions=streak.restore_sessions,
                longest=streak.longest,
                dots=[dot.value for dot in now.dots],
            ),
            quest=None
            if quest is None
            else QuestOut(
                category=quest.category,
                goal=quest.goal,
                found=quest.found,
                done=quest.done,
                points=quest.points,
                thing=quest.thing,
            ),
            stars=now.stars,
            league=None if now.league is None else _league(now.league),
            badges=[badge.value for badge in now.badges],
            team=now.team,
            goal=now.next.goal,
            goal_n=now.next.n,
        )


def _league(league: InLeague) -> LeagueOut:
    place = league.place
    return LeagueOut(
        tier=league.tier,
        rank=place.rank if place else None,
        size=place.size if place else None,
        move=place.move if place else None,
        ends_at=league.ends_at,
    )


class MateOut(BaseModel):
    name: str
    points: int
    me: bool


class TeamOut(BaseModel):
    name: str
    code: str
    points: int
    mates: list[MateOut]

    @classmethod
    def of(cls, team: Team, me: PlayerId) -> Self:
        mates = [MateOut(name=one.nickname, points=one.points, me=one.player_id == me) for one in team.mates]
        return cls(name=team.name, code=team.code, points=team.points, mates=mates)

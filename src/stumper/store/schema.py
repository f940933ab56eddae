"""Every table on one page (SQLAlchemy Core). Times are Unix seconds; JSON holds what is never queried."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    true,
)  # fmt: skip

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _ref(name: str, target: str, *, nullable: bool = False, index: bool = True) -> Column[str]:
    return Column(name, String(64), ForeignKey(f"{target}.id"), nullable=nullable, index=index)


campaign = Table(
    "campaign",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("licence", String(80), nullable=False),
    Column("rules", JSON, nullable=False),
    Column("created_at", Double, nullable=False),
)

# One model's time as the opponent; "next round" is one INSERT naming a model.
round_ = Table(
    "round",
    metadata,
    Column("id", String(64), primary_key=True),
    _ref("campaign_id", "campaign"),
    Column("number", Integer, nullable=False),
    Column("model_ref", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("opened_at", Double, nullable=False),
    Column("closed_at", Double),
    # Why this model is the opponent: passed the gate, approved, rolled back.
    Column("reason", Text, nullable=False, server_default=""),
    UniqueConstraint("campaign_id", "number"),
)
# Whatever happens at once, a campaign never has two rounds that are not closed.
Index(
    "uq_round_campaign_id_not_closed",
    round_.c.campaign_id,
    unique=True,
    sqlite_where=round_.c.status != "closed",
    postgresql_where=round_.c.status != "closed",
)

# The same bytes may serve several campaigns: the key is (campaign, image).
image = Table(
    "image",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("campaign_id", String(64), ForeignKey("campaign.id"), primary_key=True),
    Column("file", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("width_px", Integer, nullable=False),
    Column("height_px", Integer, nullable=False),
    Column("source", Text, nullable=False),
    Column("licence", String(80), nullable=False),
    Column("objects", Integer),
    Column("scene", JSON),
    Column("labels", JSON),
    Column("said", JSON),  # by the model, when it was verified
    Column("known", JSON(none_as_null=True)),  # truths about a complex picture
    # Perceptual hash in hex: pictures that look alike belong to one split.
    Column("look", String(64)),
    # Dealt to held-out players first, so that the test split can have players of its own.
    Column("held_out", Boolean),
    Column("created_at", Double, nullable=False),
    Index(None, "campaign_id", "kind", "id"),  # with the id, dealing pictures never reads the table
    Index(None, "campaign_id", "kind", "held_out", "id"),
)
# The few complex pictures that can be controls, among very many that cannot.
Index(
    "ix_image_known",
    image.c.campaign_id,
    image.c.id,
    sqlite_where=image.c.known.is_not(None),
    postgresql_where=image.c.known.is_not(None),
)

player = Table(
    "player",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("nickname", String(40), nullable=False),
    Column("language", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("consent_at", Double, nullable=False),
    Column("licence", String(80), nullable=False),
    # Which model plays, and how it finds its questions; empty for people.
    Column("model_ref", Text),
    Column("method", String(16)),
    Column("e_value", Double, nullable=False, server_default="1"),
    # Keyed hash of the network they joined from; empty where that says nothing (a local address).
    Column("network", String(32)),
    # IANA name, such as Asia/Kolkata: days of a streak begin at the player's midnight.
    Column("time_zone", String(64), nullable=False, server_default="UTC"),
    _ref("team_id", "team", nullable=True),
    _ref("invited_by", "player", nullable=True, index=False),
    # Whether messages may be sent to them outside the game.
    Column("notices", Boolean, nullable=False, server_default=true()),
    # Cookies of an earlier epoch are void: "sign out everywhere" counts it up.
    Column("epoch", Integer, nullable=False, server_default="0"),
    # All that named them is gone; the row stays because others' votes and points hang on it.
    Column("forgotten_at", Double),
    Column("created_at", Double, nullable=False),
)

# What a player may do beyond playing. Referees who earned it by trust have no row.
role = Table(
    "role",
    metadata,
    Column("player_id", String(64), ForeignKey("player.id"), primary_key=True),
    Column("role", String(16), primary_key=True),
    Column("given_at", Double, nullable=False),
)

# Acts of people who run the game, and what the game did by itself about them. A trigger refuses every change.
act = Table(
    "act",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Double, nullable=False),
    # cli:NAME of the system's user, player:ID, or "stumper".
    Column("actor", String(80), nullable=False),
    Column("act", String(40), nullable=False),
    Column("about", Text, nullable=False),
    Column("facts", JSON, nullable=False),
    Index(None, "at"),
)

# Players who share a weekly score; whoever has the code may join.
team = Table(
    "team",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(40), nullable=False),
    Column("code", String(16), nullable=False, unique=True),
    Column("created_at", Double, nullable=False),
)

# A short code that lets a player go on, on another device: once, and not for long.
passcode = Table(
    "passcode",
    metadata,
    Column("code_hash", String(64), primary_key=True),
    _ref("player_id", "player"),
    Column("made_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("used_at", Double),
)

# A player's account elsewhere (Telegram), and where the conversation there stands.
link = Table(
    "link",
    metadata,
    Column("service", String(16), primary_key=True),
    Column("external_id", String(64), primary_key=True),
    _ref("player_id", "player"),
    Column("facts", JSON, nullable=False),
    # They blocked the bot: nothing more is sent until they write again.
    Column("blocked_at", Double),
    Column("made_at", Double, nullable=False),
)

# Updates of a service that were taken: each is done once, however often it comes.
taken = Table(
    "taken",
    metadata,
    Column("service", String(16), primary_key=True),
    Column("update_id", BigInteger, primary_key=True, autoincrement=False),
    Column("taken_at", Double, nullable=False),
)

# What a player is told once: on their page, and by the bot where they allow it.
message = Table(
    "message",
    metadata,
    Column("id", String(64), primary_key=True),
    _ref("player_id", "player", index=False),
    Column("kind", String(16), nullable=False),
    # What it is about (an evaluation, a week): the same thing is told once.
    Column("about", String(64), nullable=False),
    Column("facts", JSON, nullable=False),
    Column("written_at", Double, nullable=False),
    Column("seen_at", Double),
    Column("sent_at", Double),
    UniqueConstraint("player_id", "kind", "about"),
)

session = Table(
    "session",
    metadata,
    Column("id", String(64), primary_key=True),
    _ref("player_id", "player"),
    _ref("round_id", "round"),
    _ref("campaign_id", "campaign"),
    Column("turns", Integer, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("finished_at", Double),
    Column("graded_at", Double),
    Column("poison_rate", Double, nullable=False),
    Column("salt", String(64), nullable=False),
    Column("commitment", String(64), nullable=False),
    # The player's own day (since 1970) on which it was finished; empty where it counts for no streak.
    Column("day", Integer),
    # What a model that plays has spent on it: calls, tokens, seconds.
    Column("effort", JSON(none_as_null=True)),
    Index(None, "player_id", "day"),
    # The newest sessions of a round tell the model's error rate, for every claim that is paid.
    Index(None, "round_id", "graded_at"),
    # The first sessions of a round tell how its model speaks, to every session that begins.
    Index(None, "round_id", "finished_at"),
)

turn = Table(
    "turn",
    metadata,
    Column("id", String(64), primary_key=True),
    _ref("session_id", "session"),
    Column("position", Integer, nullable=False),
    Column("image_id", String(64), nullable=False, index=True),
    Column("control", Boolean, nullable=False),
    Column("coins", String(64), nullable=False),
    Column("opened_at", Double),
    Column("deadline_at", Double),
    Column("closed_at", Double),
    Column("end", String(16)),
    # How often its time was extended, and why it was skipped.
    Column("extensions", Integer, nullable=False, server_default="0"),
    Column("reason", String(16)),
    # Questions that were suggested because the player asked for ideas; empty where they did not.
    Column("ideas", JSON(none_as_null=True)),
    UniqueConstraint("session_id", "position"),
)

exchange = Table(
    "exchange",
    metadata,
    Column("id", String(64), primary_key=True),
    _ref("turn_id", "turn"),
    Column("number", Integer, nullable=False),
    Column("key", String(64), nullable=False),
    Column("question", Text, nullable=False),
    Column("model_answer", Text),
    Column("shown_answer", Text),
    Column("poisoned", Boolean, nullable=False),
    Column("counts", Boolean, nullable=False, server_default=false()),
    Column("asked_at", Double, nullable=False),
    Column("answered_at", Double),
    Column("latency_ms", Double),
    Column("verdict", String(16)),
    Column("correction", Text),
    Column("judged_at", Double),
    # Whether question or correction was pasted; empty where the phone did not say.
    Column("pasted", Boolean),
    # The player's when they asked (BCP 47).
    Column("language", String(16)),
    # How sure they were of their verdict, 1..3; empty where they did not say.
    Column("confidence", SmallInteger),
    # Which kind of suggestion the question was made of; empty for the player's own.
    Column("suggested", String(16)),
    # Who answered, as an endpoint names itself, and whether it stood in; empty for the round's own model.
    Column("answered_by", Text),
    UniqueConstraint("turn_id", "key"),
    UniqueConstraint("turn_id", "number"),
)

claim = Table(
    "claim",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("exchange_id", String(64), ForeignKey("exchange.id"), nullable=False, unique=True),
    _ref("campaign_id", "campaign"),
    _ref("round_id", "round"),
    _ref("player_id", "player"),
    Column("image_id", String(64), nullable=False, index=True),
    Column("question", Text, nullable=False),
    Column("model_answer", Text, nullable=False),
    Column("correction", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("posterior", Double),
    Column("category", String(16)),
    Column("reason", Text, nullable=False, server_default=""),
    # Votes so far: kept here so that the queue of open claims is one index range, without counting.
    Column("votes", Integer, nullable=False, server_default="0"),
    # The older claim that says the same about the same picture; its decision holds for this one too.
    _ref("same_as", "claim", nullable=True),
    # What a model says to the question without the picture; empty where none was asked.
    Column("blind", Text),
    Column("created_at", Double, nullable=False),
    Column("decided_at", Double),
    Index(None, "status", "created_at"),
)

vote = Table(
    "vote",
    metadata,
    Column("id", String(64), primary_key=True),
    _ref("claim_id", "claim"),
    _ref("player_id", "player"),
    Column("model_wrong", Boolean, nullable=False),
    Column("correction_right", Boolean, nullable=False),
    Column("unanswerable", Boolean, nullable=False),
    # What the voter thinks is right, where neither answer is.
    Column("better", Text),
    Column("flag", String(16)),
    # The claim was settled already and tests the voter.
    Column("gold", Boolean, nullable=False, server_default=false()),
    Column("voted_at", Double, nullable=False),
    UniqueConstraint("claim_id", "player_id"),
)

# What a judge that is not a person thinks of a claim: asked once for each prompt.
opinion = Table(
    "opinion",
    metadata,
    Column("claim_id", String(64), ForeignKey("claim.id"), primary_key=True),
    Column("judge", String(200), primary_key=True),
    # Hash of all that was sent but the picture.
    Column("prompt", String(64), primary_key=True),
    # Empty where nothing could be read: missing, never 0.
    Column("score", Double),
    Column("facts", JSON, nullable=False),
    Column("asked_at", Double, nullable=False),
)

# A claim on a referee's desk: it stays there until they vote or others have decided it.
assignment = Table(
    "assignment",
    metadata,
    Column("player_id", String(64), ForeignKey("player.id"), primary_key=True),
    Column("claim_id", String(64), ForeignKey("claim.id"), primary_key=True, index=True),
    Column("gold", Boolean, nullable=False),
    Column("dealt_at", Double, nullable=False),
)

# What the last estimate over a campaign says about a player on complex pictures (trust.estimator).
sight = Table(
    "sight",
    metadata,
    Column("player_id", String(64), ForeignKey("player.id"), primary_key=True),
    Column("campaign_id", String(64), ForeignKey("campaign.id"), primary_key=True, index=True),
    Column("sees", Double, nullable=False),
    Column("alarms", Double, nullable=False),
    Column("fake", Double, nullable=False),
)

# Append-only: points are never changed, only added to. One line a reason and exchange, one a vote.
ledger = Table(
    "ledger",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    _ref("player_id", "player"),
    _ref("session_id", "session", nullable=True),
    _ref("exchange_id", "exchange", nullable=True, index=False),
    Column("vote_id", String(64), ForeignKey("vote.id"), unique=True),
    Column("reason", String(32), nullable=False),
    Column("points", Integer, nullable=False),
    Column("written_at", Double, nullable=False),
    UniqueConstraint("exchange_id", "reason"),
)

# What an accepted claim gains once its player is trusted; settled when the ledger has the claim's line.
waiting = Table(
    "waiting",
    metadata,
    Column("exchange_id", String(64), ForeignKey("exchange.id"), primary_key=True),
    _ref("player_id", "player"),
    _ref("session_id", "session", index=False),
    Column("points", Integer, nullable=False),
    Column("since", Double, nullable=False),
    # Extra points, because it is what the player's quest looked for.
    Column("bounty", Integer, nullable=False, server_default="0"),
)

# What was noticed about a player (`trust.signals`): one line a kind, renewed when it is looked for again.
signal = Table(
    "signal",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    _ref("player_id", "player"),
    _ref("campaign_id", "campaign"),
    Column("kind", String(16), nullable=False),
    Column("strength", Double, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("found_at", Double, nullable=False),
    UniqueConstraint("player_id", "campaign_id", "kind"),
)

# What a player says to it; without a decision it is open.
appeal = Table(
    "appeal",
    metadata,
    Column("id", String(64), primary_key=True),
    _ref("player_id", "player"),
    _ref("campaign_id", "campaign"),
    Column("text", Text, nullable=False),
    Column("written_at", Double, nullable=False),
    Column("decision", String(16)),
    Column("answer", Text, nullable=False, server_default=""),
    Column("decided_at", Double),
)

# Sums of the ledger by period ("all", "w2968", "d20780"), written with its lines: what boards read.
score = Table(
    "score",
    metadata,
    Column("period", String(16), primary_key=True),
    Column("player_id", String(64), ForeignKey("player.id"), primary_key=True, index=True),
    Column("points", Integer, nullable=False),
    Column("updated_at", Double, nullable=False),
    Index(None, "period", "points"),
)

# About 30 players who are compared with each other for one week.
league = Table(
    "league",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("week", Integer, nullable=False),
    Column("tier", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("members", Integer, nullable=False),
    UniqueConstraint("week", "tier", "number"),
)
member = Table(
    "member",
    metadata,
    Column("player_id", String(64), ForeignKey("player.id"), primary_key=True),
    Column("week", Integer, primary_key=True),
    _ref("league_id", "league"),
    Column("joined_at", Double, nullable=False),
)

badge = Table(
    "badge",
    metadata,
    Column("player_id", String(64), ForeignKey("player.id"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("earned_at", Double, nullable=False),
)

# What a player was asked to look for on one of their days; chosen once.
quest = Table(
    "quest",
    metadata,
    Column("player_id", String(64), ForeignKey("player.id"), primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("category", String(16), nullable=False),
    Column("goal", Integer, nullable=False),
    # The bounty: extra points for each accepted claim of this kind, up to the goal; priced when chosen.
    Column("points", Integer, nullable=False, server_default="0"),
    # The kind of object it is about, if any.
    Column("thing", String(80)),
    Column("done_at", Double),
)

# A picture that a player thinks should not be shown.
complaint = Table(
    "complaint",
    metadata,
    Column("player_id", String(64), ForeignKey("player.id"), primary_key=True),
    Column("campaign_id", String(64), ForeignKey("campaign.id"), primary_key=True),
    Column("image_id", String(64), primary_key=True),
    Column("reason", String(16), nullable=False),
    Column("written_at", Double, nullable=False),
    Index(None, "campaign_id", "image_id"),
)

example = Table(
    "example",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("claim_id", String(64), ForeignKey("claim.id"), nullable=False, unique=True),
    _ref("campaign_id", "campaign"),
    _ref("round_id", "round"),
    Column("image_id", String(64), nullable=False, index=True),
    Column("question", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("wrong_answer", Text, nullable=False),
    Column("category", String(16), nullable=False),
    Column("posterior", Double, nullable=False),
    Column("provenance", JSON, nullable=False),
    # What a campaign has of each category is asked for every quest.
    Index(None, "campaign_id", "category"),
)

release = Table(
    "release",
    metadata,
    Column("id", String(64), primary_key=True),
    _ref("campaign_id", "campaign"),
    _ref("round_id", "round"),
    Column("version", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("path", Text, nullable=False),
    Column("examples", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
    # The one it was built to replace, and when that one was withdrawn: somebody in it was forgotten.
    _ref("replaces", "release", nullable=True, index=False),
    Column("withdrawn_at", Double),
    UniqueConstraint("campaign_id", "version"),
)

# One tuning: what went in (release, base, recipe, seed), what came out (steps, loss, seconds, code, machine).
tuning = Table(
    "tuning",
    metadata,
    Column("id", String(64), primary_key=True),
    _ref("release_id", "release"),
    Column("base_ref", Text, nullable=False),
    Column("tuned_ref", Text, nullable=False),
    Column("recipe", JSON, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("figures", JSON, nullable=False),
    Column("finished_at", Double, nullable=False),
)

# One comparison of base and tuned on a release; figures as in evaluate.metrics.
evaluation = Table(
    "evaluation",
    metadata,
    Column("id", String(64), primary_key=True),
    _ref("release_id", "release"),
    Column("base_ref", Text, nullable=False),
    Column("tuned_ref", Text, nullable=False),
    Column("figures", JSON, nullable=False),
    # The tuned model plays: the gate let it, and a person where one is asked.
    Column("passed", Boolean, nullable=False),
    Column("evaluated_at", Double, nullable=False),
    # Waiting, approved or refused; empty where no person was asked.
    Column("decision", String(16)),
    Column("decided_at", Double),
)

# What a tuned model says to the question of an example: has it learned what its player taught?
lesson = Table(
    "lesson",
    metadata,
    Column("evaluation_id", String(64), ForeignKey("evaluation.id"), primary_key=True),
    Column("example_id", String(64), ForeignKey("example.id"), primary_key=True, index=True),
    Column("answer", Text, nullable=False),
    # Empty where the model failed or the judge could not say: missing, never wrong.
    Column("score", Double),
    Column("learned", Boolean, nullable=False),
    # No tuning ever saw its picture: what it learned here, it understood.
    Column("held_out", Boolean, nullable=False, server_default=false()),
)

# What the answers of endpoints took: one row a day, model and part, added to as they are stored.
spending = Table(
    "spending",
    metadata,
    Column("campaign_id", String(64), ForeignKey("campaign.id"), primary_key=True),
    Column("round_id", String(64), ForeignKey("round.id"), primary_key=True),
    # Days since 1970, UTC.
    Column("day", Integer, primary_key=True, autoincrement=False),
    # The model as it is asked for: its price goes by this name.
    Column("model", String(200), primary_key=True),
    # Answers stored at once would wait for each other at one row.
    Column("part", SmallInteger, primary_key=True, autoincrement=False),
    Column("calls", BigInteger, nullable=False),
    # Answers that had been given before and cost nothing.
    Column("kept", BigInteger, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    # Billionths of a unit of money, at the price of that moment.
    Column("cost_nano", BigInteger, nullable=False),
)

# What a campaign may spend on its model in all: money (in billionths), calls or tokens.
budget = Table(
    "budget",
    metadata,
    Column("campaign_id", String(64), ForeignKey("campaign.id"), primary_key=True),
    Column("unit", String(16), nullable=False),
    Column("most", BigInteger, nullable=False),
    Column("set_at", Double, nullable=False),
)

# What is set aside for questions that the model thinks about, in the budget's unit; gone with the answer.
reservation = Table(
    "reservation",
    metadata,
    Column("exchange_id", String(64), primary_key=True),
    _ref("campaign_id", "campaign"),
    Column("amount", BigInteger, nullable=False),
    Column("held_at", Double, nullable=False),
)

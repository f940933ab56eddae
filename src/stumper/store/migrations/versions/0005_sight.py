"""What the last estimate says about players."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"


def upgrade() -> None:
    op.create_table(
        "sight",
        sa.Column("player_id", sa.String(length=64), nullable=False),
        sa.Column("campaign_id", sa.String(length=64), nullable=False),
        sa.Column("sees", sa.Double(), nullable=False),
        sa.Column("alarms", sa.Double(), nullable=False),
        sa.Column("fake", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_sight_campaign_id")),
        sa.ForeignKeyConstraint(["player_id"], ["player.id"], name=op.f("fk_sight_player_id")),
        sa.PrimaryKeyConstraint("player_id", "campaign_id", name=op.f("pk_sight")),
    )
    with op.batch_alter_table("sight", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sight_campaign_id"), ["campaign_id"], unique=False)

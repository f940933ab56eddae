"""What the answers of endpoints take, who gave them, and what a campaign may spend."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = '0011'
down_revision: str | None = '0010'


def upgrade() -> None:
    op.create_table('budget',
    sa.Column('campaign_id', sa.String(length=64), nullable=False),
    sa.Column('unit', sa.String(length=16), nullable=False),
    sa.Column('most', sa.BigInteger(), nullable=False),
    sa.Column('set_at', sa.Double(), nullable=False),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_budget_campaign_id')),
    sa.PrimaryKeyConstraint('campaign_id', name=op.f('pk_budget'))
    )
    op.create_table('reservation',
    sa.Column('exchange_id', sa.String(length=64), nullable=False),
    sa.Column('campaign_id', sa.String(length=64), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('held_at', sa.Double(), nullable=False),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_reservation_campaign_id')),
    sa.PrimaryKeyConstraint('exchange_id', name=op.f('pk_reservation'))
    )
    with op.batch_alter_table('reservation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_reservation_campaign_id'), ['campaign_id'], unique=False)

    op.create_table('spending',
    sa.Column('campaign_id', sa.String(length=64), nullable=False),
    sa.Column('round_id', sa.String(length=64), nullable=False),
    sa.Column('day', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('model', sa.String(length=200), nullable=False),
    sa.Column('part', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('calls', sa.BigInteger(), nullable=False),
    sa.Column('kept', sa.BigInteger(), nullable=False),
    sa.Column('prompt_tokens', sa.BigInteger(), nullable=False),
    sa.Column('tokens', sa.BigInteger(), nullable=False),
    sa.Column('cost_nano', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_spending_campaign_id')),
    sa.ForeignKeyConstraint(['round_id'], ['round.id'], name=op.f('fk_spending_round_id')),
    sa.PrimaryKeyConstraint('campaign_id', 'round_id', 'day', 'model', 'part', name=op.f('pk_spending'))
    )
    with op.batch_alter_table('exchange', schema=None) as batch_op:
        batch_op.add_column(sa.Column('answered_by', sa.Text(), nullable=True))

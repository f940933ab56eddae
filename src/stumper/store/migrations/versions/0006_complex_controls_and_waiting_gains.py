"""Controls on complex pictures, and gains that wait."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = '0006'
down_revision: str | None = '0005'


def upgrade() -> None:
    with op.batch_alter_table('image', schema=None) as batch_op:
        batch_op.add_column(sa.Column('known', sa.JSON(), nullable=True))
    known = sa.text('known IS NOT NULL')
    op.create_index(
        'ix_image_known', 'image', ['campaign_id', 'id'], sqlite_where=known, postgresql_where=known
    )
    op.create_table('waiting',
    sa.Column('exchange_id', sa.String(length=64), nullable=False),
    sa.Column('player_id', sa.String(length=64), nullable=False),
    sa.Column('session_id', sa.String(length=64), nullable=False),
    sa.Column('points', sa.Integer(), nullable=False),
    sa.Column('since', sa.Double(), nullable=False),
    sa.ForeignKeyConstraint(['exchange_id'], ['exchange.id'], name=op.f('fk_waiting_exchange_id')),
    sa.ForeignKeyConstraint(['player_id'], ['player.id'], name=op.f('fk_waiting_player_id')),
    sa.ForeignKeyConstraint(['session_id'], ['session.id'], name=op.f('fk_waiting_session_id')),
    sa.PrimaryKeyConstraint('exchange_id', name=op.f('pk_waiting'))
    )
    with op.batch_alter_table('waiting', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_waiting_player_id'), ['player_id'], unique=False)

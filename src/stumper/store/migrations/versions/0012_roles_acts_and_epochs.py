"""Who may do what, a log of acts that nobody can change, and signing out everywhere."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = '0012'
down_revision: str | None = '0011'

_SQLITE = """
CREATE TRIGGER act_is_append_only_{what} BEFORE {what} ON act
BEGIN SELECT RAISE(ABORT, 'acts are kept as they were written'); END
"""
_FUNCTION = """
CREATE FUNCTION act_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'acts are kept as they were written'; END $$
"""
_POSTGRESQL = """
CREATE TRIGGER act_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON act
FOR EACH STATEMENT EXECUTE FUNCTION act_is_append_only()
"""


def upgrade() -> None:
    op.create_table(
        'role',
        sa.Column('player_id', sa.String(length=64), nullable=False),
        sa.Column('role', sa.String(length=16), nullable=False),
        sa.Column('given_at', sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(['player_id'], ['player.id'], name=op.f('fk_role_player_id')),
        sa.PrimaryKeyConstraint('player_id', 'role', name=op.f('pk_role')),
    )
    op.create_table(
        'act',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('at', sa.Double(), nullable=False),
        sa.Column('actor', sa.String(length=80), nullable=False),
        sa.Column('act', sa.String(length=40), nullable=False),
        sa.Column('about', sa.Text(), nullable=False),
        sa.Column('facts', sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_act')),
    )
    op.create_index(op.f('ix_act_at'), 'act', ['at'], unique=False)
    with op.batch_alter_table('player', schema=None) as batch_op:
        batch_op.add_column(sa.Column('epoch', sa.Integer(), server_default='0', nullable=False))
    if op.get_bind().dialect.name == 'postgresql':
        op.execute(_FUNCTION)
        op.execute(_POSTGRESQL)
    else:
        for what in ('UPDATE', 'DELETE'):
            op.execute(_SQLITE.format(what=what))

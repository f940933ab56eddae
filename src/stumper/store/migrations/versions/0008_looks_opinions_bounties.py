"""Looks, opinions, bounties and withdrawn releases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = '0008'
down_revision: str | None = '0007'


def upgrade() -> None:
    op.create_table('opinion',
    sa.Column('claim_id', sa.String(length=64), nullable=False),
    sa.Column('judge', sa.String(length=200), nullable=False),
    sa.Column('prompt', sa.String(length=64), nullable=False),
    sa.Column('score', sa.Double(), nullable=True),
    sa.Column('facts', sa.JSON(), nullable=False),
    sa.Column('asked_at', sa.Double(), nullable=False),
    sa.ForeignKeyConstraint(['claim_id'], ['claim.id'], name=op.f('fk_opinion_claim_id')),
    sa.PrimaryKeyConstraint('claim_id', 'judge', 'prompt', name=op.f('pk_opinion'))
    )
    with op.batch_alter_table('claim', schema=None) as batch_op:
        batch_op.add_column(sa.Column('blind', sa.Text(), nullable=True))

    with op.batch_alter_table('image', schema=None) as batch_op:
        batch_op.add_column(sa.Column('look', sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column('held_out', sa.Boolean(), nullable=True))
        batch_op.create_index(
            batch_op.f('ix_image_campaign_id_kind_held_out_id'),
            ['campaign_id', 'kind', 'held_out', 'id'],
            unique=False,
        )

    with op.batch_alter_table('quest', schema=None) as batch_op:
        batch_op.add_column(sa.Column('points', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('thing', sa.String(length=80), nullable=True))

    with op.batch_alter_table('waiting', schema=None) as batch_op:
        batch_op.add_column(sa.Column('bounty', sa.Integer(), server_default='0', nullable=False))

    with op.batch_alter_table('session', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_session_round_id_graded_at'), ['round_id', 'graded_at'], unique=False)

    with op.batch_alter_table('example', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_example_campaign_id_category'), ['campaign_id', 'category'], unique=False)

    with op.batch_alter_table('release', schema=None) as batch_op:
        batch_op.add_column(sa.Column('replaces', sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column('withdrawn_at', sa.Double(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_release_replaces'), 'release', ['replaces'], ['id'])


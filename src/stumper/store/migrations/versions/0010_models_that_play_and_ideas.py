"""Which model plays and what it spends; ideas that players asked for, and questions made of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = '0010'
down_revision: str | None = '0009'


def upgrade() -> None:
    with op.batch_alter_table('player', schema=None) as batch_op:
        batch_op.add_column(sa.Column('model_ref', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('method', sa.String(length=16), nullable=True))

    with op.batch_alter_table('session', schema=None) as batch_op:
        batch_op.add_column(sa.Column('effort', sa.JSON(none_as_null=True), nullable=True))

    with op.batch_alter_table('turn', schema=None) as batch_op:
        batch_op.add_column(sa.Column('ideas', sa.JSON(none_as_null=True), nullable=True))

    with op.batch_alter_table('exchange', schema=None) as batch_op:
        batch_op.add_column(sa.Column('suggested', sa.String(length=16), nullable=True))

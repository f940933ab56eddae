"""Controls on complex pictures."""

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

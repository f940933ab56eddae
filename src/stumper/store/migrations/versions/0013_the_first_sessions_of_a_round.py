"""An index that finds the first finished sessions of a round: it was read whole for every session that began."""

from __future__ import annotations

from alembic import op

revision: str = '0013'
down_revision: str | None = '0012'


def upgrade() -> None:
    with op.batch_alter_table('session') as batch:
        batch.create_index(batch.f('ix_session_round_id_finished_at'), ['round_id', 'finished_at'], unique=False)

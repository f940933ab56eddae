"""Statements that are compiled once: for what every move of the game runs.

SQLAlchemy builds a key of a statement each time to find what it compiled before, and wraps each row. For a
statement of fifty columns that takes several times as long as SQLite takes to run it. Here the text and the
conversions of its values are kept for each dialect, and rows are named tuples.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Float
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import Select
from sqlalchemy.sql.dml import UpdateBase

from stumper.store.held import Held
from stumper.store.sqlite import Connection


class Prepared:
    """A statement of SQLAlchemy's, without lists of values that expand; compiled at its first use."""

    def __init__(self, statement: Select[Any] | UpdateBase) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    async def all(self, tx: AsyncConnection, values: Mapping[str, Any]) -> list[Any]:
        """Returns the rows of a query, each with its columns as attributes."""
        compiled = self._for(tx)
        given, driver = compiled.given(values), _at_once(tx)
        if driver is None:
            return [compiled.row(row) for row in await tx.exec_driver_sql(compiled.text, given)]
        return [compiled.row(row) for row in driver.run(compiled.text, given)]

    async def first(self, tx: AsyncConnection, values: Mapping[str, Any]) -> Any:
        """Returns the first row, or None."""
        rows = await self.all(tx, values)
        return rows[0] if rows else None

    async def change(self, tx: AsyncConnection, values: Mapping[str, Any]) -> int:
        """Runs an insert, update or delete; returns how many rows it changed."""
        compiled = self._for(tx)
        given, driver = compiled.given(values), _at_once(tx)
        if driver is None:
            return (await tx.exec_driver_sql(compiled.text, given)).rowcount
        return driver.run(compiled.text, given).rowcount

    def _for(self, tx: AsyncConnection) -> _Compiled:
        name = "sqlite" if isinstance(tx, Held) else tx.dialect.name
        found = self._compiled.get(name)
        if found is None:
            found = self._compiled[name] = _Compiled(self._statement, tx.dialect)
        return found


def _at_once(tx: AsyncConnection) -> Connection | None:
    """Returns SQLite's connection while it runs statements where they are asked for."""
    if isinstance(tx, Held):
        return tx.driver if tx.driver.at_once else None
    driver = tx.sync_connection.connection.driver_connection if tx.sync_connection is not None else None
    return driver if isinstance(driver, Connection) and driver.at_once else None


class _Compiled:
    """The text for one dialect, and what turns values into its own and back."""

    def __init__(self, statement: Select[Any] | UpdateBase, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        self.text: str = str(compiled)
        self._order: list[str] | None = compiled.positiontup
        self._fixed = {name: bound.value for name, bound in compiled.binds.items() if not bound.required}
        into = {name: _impl(bound, dialect).bind_processor(dialect) for name, bound in compiled.binds.items()}
        self._to_store = [(name, convert) for name, convert in into.items() if convert is not None]
        columns = list(statement.selected_columns) if isinstance(statement, Select) else []
        self._row: Any = namedtuple("Row", [column.key for column in columns])  # type: ignore[misc]
        back = [_back(_impl(column, dialect), dialect) for column in columns]
        self._from_store = [(place, convert) for place, convert in enumerate(back) if convert is not None]

    def given(self, values: Mapping[str, Any]) -> Any:
        """Returns the values as the driver takes them: by position or by name."""
        whole = {**self._fixed, **values}
        for name, convert in self._to_store:
            whole[name] = convert(whole[name])
        return whole if self._order is None else tuple(whole[name] for name in self._order)

    def row(self, raw: Any) -> Any:
        if not self._from_store:
            return self._row._make(raw)
        cells = list(raw)
        for place, convert in self._from_store:
            if cells[place] is not None:
                cells[place] = convert(cells[place])
        return self._row._make(cells)


def _back(kind: Any, dialect: Dialect) -> Any:
    """Returns what makes a stored value one of Python's; both drivers bring floats as they are."""
    return None if isinstance(kind, Float) else kind.result_processor(dialect, None)


def _impl(element: Any, dialect: Dialect) -> Any:
    """Returns the type of a column or value as the dialect implements it."""
    return element.type.dialect_impl(dialect)

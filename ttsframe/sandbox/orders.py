"""The table of the sandbox: which orders there are, whose, and what they are linked to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from ttsframe import ids
from ttsframe.columns import TEXT_DTYPE
from ttsframe.errors import InputError
from ttsframe.gateway import DEFAULT_PLATFORM, PLATFORMS
from ttsframe.sandbox.generate import Generated, generate_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

COLUMNS = ("order_id", "platform", "external_order_id", "line_item_id", "line_item_origin_id", "kind")
REFUSED_KINDS = ("denied", "refused")
_FIRST_CREATED = 1_790_000_000
_SECONDS_BETWEEN = 600
_STATES = ("COMPLETED", "COMPLETED", "DELIVERED", "IN_TRANSIT", "AWAITING_SHIPMENT", "CANCELLED")


class LineItem(NamedTuple):
    """A line of an external order, under the API's names."""

    id: str
    origin_id: str


class Reference(NamedTuple):
    """One external order of a TikTok order."""

    platform: str
    external_order_id: str
    line_items: tuple[LineItem, ...] = ()


class Listed(NamedTuple):
    """An order as order search lists it."""

    id: str
    status: str
    create_time: int
    update_time: int


class Table:
    """Every order the sandbox knows."""

    def __init__(self, references: dict[str, tuple[Reference, ...]], refused: dict[str, str]) -> None:
        self.references = references
        self.refused = refused
        self.listed = tuple(_listed(index, order_id) for index, order_id in enumerate(references))
        self._linked: dict[tuple[str, str], list[tuple[str, Reference]]] = {}
        for order_id, several in references.items():
            for reference in several:
                key = reference.platform, reference.external_order_id
                self._linked.setdefault(key, []).append((order_id, reference))

    def find(self, platform: str, external_order_id: str) -> list[tuple[str, Reference]]:
        """Return the orders that carry an external id, each with that reference."""
        return self._linked.get((platform, external_order_id), [])

    def orders(self) -> pd.DataFrame:
        """Return every order: `order_id`, `kind` (`linked`, `unlinked`, `denied`, `refused`)."""
        known = list(self.references.items())
        kinds = [(order_id, "linked" if found else "unlinked") for order_id, found in known]
        return pd.DataFrame([*kinds, *self.refused.items()], columns=["order_id", "kind"], dtype=TEXT_DTYPE)

    def links(self) -> pd.DataFrame:
        """Return every reference: one row per line item, or one where there are no line items."""
        rows = [row[:-1] for row in self.rows() if row[2]]
        return pd.DataFrame(rows, columns=list(COLUMNS[:-1]), dtype=TEXT_DTYPE)

    def rows(self) -> list[tuple[str, ...]]:
        """Return the table as rows of `COLUMNS`, from which `read_table` makes it again."""
        rows: list[tuple[str, ...]] = []
        for order_id, found in list(self.references.items()):
            if not found:
                rows.append((order_id, "", "", "", "", ""))
            for reference in found:
                lines = reference.line_items or (LineItem("", ""),)
                start = (order_id, reference.platform, reference.external_order_id)
                rows += [(*start, line.id, line.origin_id, "") for line in lines]
        return rows + [(order_id, "", "", "", "", kind) for order_id, kind in self.refused.items()]


def read_table(source: str | Path | pd.DataFrame | Generated | None) -> Table:
    """Make the table of orders."""
    if source is None or isinstance(source, Generated):
        return table_from_rows(generate_rows(source or Generated()))
    frame = source if isinstance(source, pd.DataFrame) else _read_csv(source)
    return table_from_rows(_checked(frame))


def table_from_rows(rows: Iterable[Iterable[str]]) -> Table:
    """Make the table from rows of `COLUMNS`."""
    references: dict[str, dict[tuple[str, str], list[LineItem]]] = {}
    refused: dict[str, str] = {}
    for order_id, platform, external_order_id, line_id, origin_id, kind in rows:
        if kind in REFUSED_KINDS:
            refused[order_id] = kind
            continue
        found = references.setdefault(order_id, {})
        if external_order_id:
            lines = found.setdefault((platform, external_order_id), [])
            lines += [LineItem(line_id, origin_id)] if line_id or origin_id else []
    made = {
        order_id: tuple(Reference(*key, tuple(lines)) for key, lines in found.items())
        for order_id, found in references.items()
    }
    return Table(made, refused)


def _read_csv(path: str | Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(
            f"the links of the sandbox cannot be read from {path}: {why}. Give a CSV with a column order_id, "
            "such as the samples/links.csv that ttsframe demo leaves."
        ) from error


def _checked(frame: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    if "order_id" not in frame.columns:
        raise InputError(
            f"the links of the sandbox need a column order_id; there are: {', '.join(frame.columns)}."
        )
    text = pd.DataFrame({name: _text(frame, name) for name in COLUMNS[1:]}, index=frame.index)
    cleaned = ids.clean(frame["order_id"])
    text["platform"] = text["platform"].str.upper().where(text["platform"] != "", DEFAULT_PLATFORM)
    _refuse("order_id", cleaned.ids, cleaned.reasons.notna() & (text["kind"] != "refused"), "an order id")
    _refuse("platform", text["platform"], ~text["platform"].isin(PLATFORMS), f"one of {', '.join(PLATFORMS)}")
    # `Sandbox.orders` says linked and unlinked too, and may be given back.
    kinds = ("", "linked", "unlinked", *REFUSED_KINDS)
    _refuse("kind", text["kind"], ~text["kind"].isin(kinds), "denied, refused or blank")
    columns: list[Any] = [cleaned.ids.tolist(), *(text[name].tolist() for name in COLUMNS[1:])]
    return zip(*columns, strict=True)


def _text(frame: pd.DataFrame, name: str) -> pd.Series[str]:
    if name not in frame.columns:
        return pd.Series("", index=frame.index, dtype="object")
    return frame[name].astype("object").fillna("").astype(str).str.strip().astype("object")


def _refuse(name: str, values: pd.Series[str], wrong: pd.Series[bool], what: str) -> None:
    if wrong.any():
        first = values[wrong].iloc[0]
        raise InputError(f"the links of the sandbox: {name} {first!r} is not {what}.")


def _listed(index: int, order_id: str) -> Listed:
    created = _FIRST_CREATED + index * _SECONDS_BETWEEN
    return Listed(order_id, _STATES[index % len(_STATES)], created, created + 86_400)

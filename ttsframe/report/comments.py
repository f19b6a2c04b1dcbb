"""What people write beside the orders of a report: read back, carried to the next one, remembered.

A report has the columns `comment` and `resolution` in several files and sheets. What the last run wrote
into them stands in `comments.json`, with a digest of each file: so a text that somebody changed on one
sheet is told from the old one on the others, and a file that nobody changed need not be read.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import orjson
import pandas as pd

from ttsframe import ids
from ttsframe.columns import (
    COMMENTS,
    MATCH_COMMENTS,
    MATCH_GUESSED,
    MATCH_STATUSES,
    TEXT_DTYPE,
    conform,
    empty,
    names,
)
from ttsframe.errors import InputError
from ttsframe.readers import tables_csv, tables_excel
from ttsframe.readers.files import Source, read_bytes
from ttsframe.report.files import atomic_write
from ttsframe.text import one_line, unescape_formula

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from ttsframe.readers.shapes import Table

FILE = "comments.json"
_TEXTS = names(MATCH_COMMENTS)
_OF_ORDER = [name for name in names(COMMENTS) if name not in _TEXTS]
_REPORT = ("report.xlsx", "orders.csv", *(f"{status}.csv" for status in (*MATCH_STATUSES, *MATCH_GUESSED)))


class _Remembered(NamedTuple):
    """What the last run left in a folder."""

    comments: pd.DataFrame
    """As `COMMENTS`."""
    digests: dict[str, str]
    """The SHA-256 of each file that it wrote, by name."""


def read_comments(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read what people wrote into the columns `comment` and `resolution` of a report.

    Parameters
    ----------
    path
        The folder of a report, or one of its files. A folder that does not exist holds no comments.

    Returns
    -------
    pandas.DataFrame
        One row per order that was ever commented on, with `columns.COMMENTS`; also orders that the last
        report did not hold. A text that was changed on one sheet replaces the old one; different
        changes of one text are joined by ``; ``.

    Raises
    ------
    InputError
        If a file cannot be read, or a comment stands beside an order id that a spreadsheet has damaged.

    See Also
    --------
    Match.with_comments : Carry them forward into the next report.

    Examples
    --------
    >>> import ttsframe as tts
    >>> comments = tts.read_comments("report/")
    >>> list(comments)
    ['order_id', 'shopify_id', 'shopify_name', 'comment', 'resolution']
    """
    given = Path(path)
    folder, wanted = (given.parent, [given.name]) if given.is_file() else (given, None)
    remembered = _remembered(folder)
    files = [folder / name for name in wanted or dict.fromkeys([*_REPORT, *remembered.digests])]
    changed = [
        file for file in files if file.is_file() and _digest(file) != remembered.digests.get(file.name)
    ]
    known = set(remembered.comments[_TEXTS].to_numpy().ravel())
    rows = [_rows_of(table, known) for file in changed for table in _tables(file)]
    return _edited(remembered.comments, pd.concat(rows)) if rows else remembered.comments


def later_of(earlier: pd.DataFrame | None, later: pd.DataFrame) -> pd.DataFrame:
    """Add a caller's comments to earlier ones: of one order the later stands."""
    both = pd.concat([empty(COMMENTS) if earlier is None else earlier, as_comments(later)], ignore_index=True)
    return both[~order_keys(both).duplicated(keep="last")]


def as_comments(frame: pd.DataFrame) -> pd.DataFrame:
    """Take comments from a caller's frame as `columns.COMMENTS`; refuse a frame that holds none."""
    if not set(_OF_ORDER).intersection(frame) or not set(_TEXTS).intersection(frame):
        raise InputError(
            f"give a frame with one of the columns {', '.join(_OF_ORDER)} and one of {', '.join(_TEXTS)}, "
            "as tts.read_comments() does.",
            parameter="comments",
        )
    given = frame.reindex(columns=names(COMMENTS))
    return conform({str(name): ids.as_text(given[name]) for name in given}, COMMENTS).reset_index(drop=True)


def attach(orders: pd.DataFrame, comments: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put comments beside the orders that they are about; return all comments by those orders, too.

    The comment on a Shopify order that stood alone goes with the pair once its TikTok order is found.
    """
    own, plain = order_keys(orders), orders.drop(columns=_TEXTS, errors="ignore")
    by_id, by_name = orders.assign(order_id=None), orders.assign(order_id=None, shopify_id=None)
    paired = pd.concat([pd.Series(own.to_numpy(), order_keys(rows)) for rows in (by_id, by_name)])
    paired = paired[paired.index.notna() & ~paired.index.duplicated(keep=False)]
    keys = order_keys(comments)
    keys = keys.mask(keys.isin(paired.index), keys.map(paired))
    known = comments.groupby(keys.to_numpy(), sort=False).agg(
        dict.fromkeys(_OF_ORDER, "first") | dict.fromkeys(_TEXTS, _joined)
    )
    told = conform({name: own.map(known[name]) for name in _TEXTS}, MATCH_COMMENTS)
    here = orders[_OF_ORDER].set_axis(own.to_numpy())
    here = here[here.index.isin(known.index) & ~here.index.duplicated()]
    known.loc[here.index, _OF_ORDER] = here
    return pd.concat([plain, told], axis="columns"), as_comments(known)


def save_comments(comments: pd.DataFrame, files: Sequence[Path]) -> Path:
    """Remember the comments that these files hold, which are of one folder; return the file written."""
    digests, folder = {file.name: _digest(file) for file in files}, files[0].parent
    content = {
        "about": "What ttsframe last wrote here. Write comments into the workbook or orders.csv, not here.",
        "files": _remembered(folder).digests | digests,
        "comments": comments.astype("object").where(comments.notna(), None).to_dict("records"),
    }
    with atomic_write(folder / FILE) as part:
        part.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    return folder / FILE


def order_keys(rows: pd.DataFrame) -> pd.Series:
    """Name the order that each row is about: the TikTok order, or else the Shopify order."""
    shopify_names = ids.normalize_order_name(rows["shopify_name"].astype(TEXT_DTYPE))
    shopify_ids, order_ids = (rows[name].astype("object") for name in ("shopify_id", "order_id"))
    shopify = "Shopify " + shopify_ids.where(shopify_ids.notna(), shopify_names)
    return ("TikTok " + order_ids).where(order_ids.notna(), shopify)


def read_back(table: Table, columns: Sequence[str]) -> pd.DataFrame:
    """Return columns of a table of ours with their texts as they were before they were written."""
    cells = table.columns([table.header.index(name) for name in columns])
    return pd.DataFrame(dict(zip(columns, cells, strict=True)), dtype=TEXT_DTYPE).apply(unescape_formula)


def _remembered(folder: Path) -> _Remembered:
    path = folder / FILE
    if not path.is_file():
        return _Remembered(empty(COMMENTS), {})
    try:
        content = orjson.loads(path.read_bytes())
        comments = pd.DataFrame(content["comments"], columns=names(COMMENTS), dtype="object")
        return _Remembered(as_comments(comments), dict(content["files"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} cannot be read ({error}): restore it from a copy, or remove it; then a comment that was "
            "changed on one sheet alone is joined with the old one."
        ) from error


def _digest(file: Path) -> str:
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _tables(file: Path) -> list[Table]:
    """Open the tables of a file that have orders and comments."""
    content = read_bytes(Source(str(file), file, None))
    if file.suffix.lower() == ".xlsx":
        opened = tables_excel.open_sheets(str(file), content, id_names=names(COMMENTS))
    else:
        opened = [tables_csv.open_text(str(file), content, id_names=names(COMMENTS))]
    return [table for table in opened if {*_OF_ORDER, *_TEXTS}.issubset(table.header)]


def _rows_of(table: Table, known: set[str]) -> pd.DataFrame:
    """Return the rows of a table as `columns.COMMENTS`; refuse texts beside no whole id, but known ones."""
    rows = read_back(table, names(COMMENTS))
    for name in _TEXTS:
        rows[name] = rows[name].map(one_line).str.strip()
    is_new = ~rows[_TEXTS].isin({*known, ""}).all(axis="columns")
    orders, alone = ids.clean(rows["order_id"]), ids.clean(rows["shopify_id"])
    lost = orders.reasons.eq("digits_lost") | (
        orders.reasons.eq("missing") & (alone.reasons.eq("digits_lost") | rows["shopify_name"].eq(""))
    )
    rows["order_id"], rows["shopify_id"] = orders.ids, alone.ids
    keyed = conform({str(name): rows[name].where(rows[name].ne("")) for name in rows}, COMMENTS)
    keyed.index = pd.Index(order_keys(keyed))
    whole = ~lost.to_numpy() & keyed.index.notna()
    if damaged := int((is_new & ~whole).sum()):
        stand, them = ("comment stands", "it") if damaged == 1 else ("comments stand", "them")
        raise InputError(
            f"{table.name}: {damaged:,} {stand} beside no whole order id: a spreadsheet keeps 15 digits of a "
            f"number. A new report would lose {them}: write {them} into report.xlsx, where ids are text, and "
            "remove this file."
        )
    return keyed[whole]


def _edited(before: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Change what was remembered as people changed it: what is no longer the old text is theirs."""
    before = before.set_axis(order_keys(before).to_numpy())
    after = pd.concat([before, rows])
    after = after[~after.index.duplicated()]
    for name in _TEXTS:
        old = before[name].reindex(rows.index)
        changed = (rows[name] != old) & (rows[name].notna() | old.notna())
        changes = rows.loc[changed, name]
        after[name] = before[name].reindex(after.index)
        theirs = changes.groupby(level=0, sort=False).agg(_joined)
        after.loc[theirs.index, name] = theirs
    ever = after[_TEXTS].notna().any(axis="columns").to_numpy() | after.index.isin(before.index)
    return after[ever].reset_index(drop=True)


def _joined(texts: pd.Series) -> str | None:
    """Join different texts into one; None where there is none."""
    return "; ".join(texts.dropna().drop_duplicates()) or None

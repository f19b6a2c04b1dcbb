"""The frames that `match` is given → the columns it works on, or what is missing from them."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from ttsframe import ids, marks
from ttsframe.columns import (
    AMOUNT_COMPONENTS,
    REFERENCES,
    SETTLEMENTS,
    SHOPIFY_ORDERS,
    TIKTOK_ORDER_ID_SOURCES,
    TIKTOK_ORDERS,
)
from ttsframe.errors import InputError
from ttsframe.matching import keys
from ttsframe.money import decimals
from ttsframe.text import Note, counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ttsframe.marks import Mentions
    from ttsframe.matching.keys import Amounts, Flags, Nodes

_TRUE_WORDS = ("true", "1", "1.0", "yes")
_DATE_KINDS = ("string", "datetime", "datetime64", "date", "empty", "mixed")
_KNOWN = [column.name for column in (*TIKTOK_ORDERS, *SHOPIFY_ORDERS, *REFERENCES, *SETTLEMENTS)]

_SHOPIFY_COMPONENTS = {"seller_discount": "discount", "shipping_fee": "shipping", "taxes": "taxes"}

_UNPAID_WORDS = ("expired", "pending", "authorized")
_PAID_WORDS = ("paid", "partially_refunded")


class Source(enum.IntFlag):
    """Who names a pair, the strongest first: `columns.MATCH_SOURCES` as flags."""

    REFERENCE = enum.auto()
    TAG = enum.auto()
    NOTE_ATTRIBUTE = enum.auto()
    NOTE = enum.auto()
    NAME = enum.auto()
    SOURCE_IDENTIFIER = enum.auto()
    PROBABLE = enum.auto()


SOURCES_OF_MARKS = np.array([Source[place.upper()] for place in TIKTOK_ORDER_ID_SOURCES], dtype=np.uint8)
"""The `Source` of each place where a TikTok order id can stand."""


class Times(NamedTuple):
    """Moments, in UTC where a zone is known, else as the clock of the seller showed them."""

    moments: np.ndarray
    """datetime64[us]; NaT where missing."""
    zoned: bool

    def take(self, rows: Nodes) -> pd.Series:
        """Return the moments by row, in UTC where a zone is known; missing for row -1."""
        taken = pd.Series(keys.take_or_fill(self.moments, rows, np.datetime64("NaT")))
        return taken.dt.tz_localize("UTC") if self.zoned else taken


@dataclass(frozen=True)
class Orders:
    """One side: one order per row."""

    ids: pd.Series
    status: pd.Series
    cancelled: Flags
    voided: Flags
    refunded_in_full: Flags
    """The status says so; what the amounts say is found later."""
    unpaid: Flags
    """On TikTok neither paid nor refunded; False where the frame has no `paid_at`."""
    paid: Flags
    created: Times
    currency: pd.Categorical
    amount: Amounts
    refunded: Amounts
    files: pd.Series
    components: Mapping[str, Amounts]
    """What makes up the amount, by `columns.AMOUNT_COMPONENTS`; those that the frame has."""


@dataclass(frozen=True)
class Tiktok(Orders):
    """The TikTok orders."""

    bad_ids: pd.Series
    """Why an id is none; NaN for an order id."""
    paid_at: Times
    skus: pd.Series
    fulfilled_by_tiktok: Flags
    sample: Flags
    """As the frame says; else every order of 0."""
    on_hold: Flags


@dataclass(frozen=True)
class Shopify(Orders):
    """The Shopify orders."""

    names: pd.Series
    skus: pd.Series
    from_tiktok: Flags
    marks: Mentions


@dataclass(frozen=True)
class References:
    """One answer of the look-up per row."""

    ids: pd.Series
    external: pd.Series
    """The external order id as given; missing unless linked."""
    shopify: Flags
    """Whether Shopify was the platform asked about; True where the frame does not say."""
    answered: Flags
    known: Flags
    """Not asked, as a Shopify order names it already."""
    reason: pd.Series
    status: pd.Series
    request_ids: pd.Series
    notes: tuple[Note, ...] = ()
    """Which rows were left out."""


@dataclass(frozen=True)
class Settlement:
    """One order's payout per row."""

    ids: pd.Series
    """Missing for an adjustment: what is a blank to the one rule of `ids` names no order."""
    amount: Amounts
    currency: pd.Categorical
    settled_at: Times
    notes: tuple[Note, ...] = ()
    """What the rows without an order, the adjustments, come to."""


class Inputs(NamedTuple):
    """All that `match` is given."""

    tiktok: Tiktok
    shopify: Shopify
    refs: References | None
    settlement: Settlement | None


def read_inputs(
    tiktok: pd.DataFrame, shopify: pd.DataFrame, refs: pd.DataFrame | None, settlement: pd.DataFrame | None
) -> Inputs:
    """Read the frames that `match` is given."""
    return Inputs(
        read_tiktok(tiktok),
        read_shopify(shopify),
        None if refs is None else read_references(refs),
        None if settlement is None else read_settlement(settlement),
    )


def read_tiktok(frame: pd.DataFrame) -> Tiktok:
    """Read the TikTok side; needs `order_id`, unique."""
    _require_columns(frame, ("order_id",), "the TikTok orders", "read_tiktok_orders")
    frame = frame.reset_index(drop=True)
    order_ids, bad_ids = ids.clean(frame["order_id"])
    _refuse_repeated(order_ids, "the TikTok orders", "order_id")
    paid_at, none = _times(frame, "paid_at"), np.zeros(len(frame), dtype=bool)
    amount, refunded = _amounts(frame, "amount"), _amounts(frame, "refunded")
    # A refund proves a payment, even where the file tells no time of it.
    paid = ~np.isnat(paid_at.moments) | (refunded > 0)
    return Tiktok(
        ids=order_ids,
        bad_ids=bad_ids,
        paid_at=paid_at,
        skus=_text(frame, "skus"),
        fulfilled_by_tiktok=_flags(frame, "fulfilled_by_tiktok"),
        sample=_flags(frame, "sample") if "sample" in frame else amount == 0,
        on_hold=_flags(frame, "on_hold"),
        status=_text(frame, "status"),
        cancelled=_cancelled(frame),
        voided=none,
        refunded_in_full=none,
        unpaid=~paid & ("paid_at" in frame),
        paid=paid,
        created=_times(frame, "created_at"),
        currency=_currency(frame),
        amount=amount,
        refunded=refunded,
        files=_text(frame, "source_file"),
        components={name: _amounts(frame, name) for name in AMOUNT_COMPONENTS if name in frame},
    )


def read_shopify(frame: pd.DataFrame) -> Shopify:
    """Read the Shopify side; needs `shopify_id` or `name`."""
    _require_columns(frame, (), "the Shopify orders", "read_shopify_orders")
    if "name" not in frame:
        _require_columns(frame, ("shopify_id",), "the Shopify orders", "read_shopify_orders")
    frame = frame.reset_index(drop=True)
    given_ids = frame["shopify_id"] if "shopify_id" in frame else keys.missing_text(len(frame))
    shopify_ids = ids.normalize_external_id(given_ids)
    _refuse_repeated(shopify_ids, "the Shopify orders", "shopify_id")
    status = _text(frame, "financial_status")
    said = ids.lowered_categories(status)
    return Shopify(
        ids=shopify_ids,
        names=_text(frame, "name"),
        status=status,
        cancelled=_cancelled(frame),
        voided=_flags_of(said, "voided"),
        refunded_in_full=_flags_of(said, "refunded"),
        unpaid=_flags_of(said, *_UNPAID_WORDS),
        paid=_flags_of(said, *_PAID_WORDS),
        created=_times(frame, "created_at"),
        currency=_currency(frame),
        amount=_amounts(frame, "total"),
        refunded=_amounts(frame, "refunded"),
        skus=_text(frame, "skus"),
        from_tiktok=_from_tiktok(frame),
        marks=marks.mentions(frame),
        files=_text(frame, "source_file"),
        components={
            name: _amounts(frame, column) for name, column in _SHOPIFY_COMPONENTS.items() if column in frame
        },
    )


def read_references(frame: pd.DataFrame) -> References:
    """Read a frame of `lookup`; needs `order_id` and `external_order_id`."""
    _require_columns(frame, ("order_id", "external_order_id"), "the references", "lookup")
    named = [column.name for column in REFERENCES if column.name in frame]
    frame = pd.DataFrame({name: ids.without_views(frame[name]) for name in named}, copy=False)
    frame = frame.reset_index(drop=True)
    frame, notes = _drop_damaged_ids(
        frame.assign(**{"status": _text(frame, "status")} if "status" in frame else {})
    )
    external = frame["external_order_id"]
    linked, unlinked = (_equals(frame, "status", word) for word in ("linked", "unlinked"))
    if "status" not in frame:
        linked, unlinked = external.notna().to_numpy(), external.isna().to_numpy()
    platforms = _equals(frame, "platform", "shopify")
    return References(
        ids=frame["order_id"],
        external=external if linked.all() else external.where(linked),
        shopify=platforms if "platform" in frame else np.ones(len(frame), dtype=bool),
        answered=(linked & external.notna().to_numpy()) | unlinked,
        known=_equals(frame, "status", "skipped") & _equals(frame, "reason", "known"),
        reason=_text(frame, "reason"),
        status=_text(frame, "status"),
        request_ids=_text(frame, "request_id"),
        notes=tuple(notes),
    )


def _drop_damaged_ids(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Note]]:
    """Clean the ids; leave out the rows of which a spreadsheet has rounded one: it names another order."""
    frame = frame.assign(
        order_id=ids.clean(frame["order_id"]).ids,
        external_order_id=ids.normalize_external_id(frame["external_order_id"]),
    )
    order_ids, external = frame["order_id"], frame["external_order_id"]
    whole, notes = ids.undamaged("the references", order_ids, external, frame.get("status"))
    return (frame if whole.all() else frame[whole].reset_index(drop=True)), notes


def read_settlement(frame: pd.DataFrame) -> Settlement:
    """Read the payouts; needs `order_id`, unique, and `settled_amount`."""
    _require_columns(frame, ("order_id", "settled_amount"), "the settlement", "read_tiktok_settlement")
    frame = frame.reset_index(drop=True)
    order_ids = ids.clean(frame["order_id"]).ids
    _refuse_repeated(order_ids, "the settlement", "order_id")
    return Settlement(
        order_ids,
        _amounts(frame, "settled_amount"),
        _currency(frame),
        _times(frame, "settled_at"),
        _adjustments(frame[order_ids.isna().to_numpy()].reset_index(drop=True)),
    )


def _adjustments(frame: pd.DataFrame) -> tuple[Note, ...]:
    """Say how many rows of the settlement name no order, and what they come to."""
    if frame.empty:
        return ()
    amounts = pd.Series(_amounts(frame, "settled_amount"))
    currency = pd.Series(_currency(frame), dtype="object").fillna("")
    sums = amounts.groupby(currency).sum().items()
    total = " and ".join(f"{amount:,.{decimals(str(code))}f} {code}".strip() for code, amount in sums)
    rows = counted(len(frame), "row")
    return (Note("left_out", f"{rows} of the settlement without an order (adjustments): {total}."),)


def _require_columns(frame: pd.DataFrame, names: Sequence[str], what: str, reader: str) -> None:
    if not isinstance(frame, pd.DataFrame):
        raise InputError(
            f"{what} must be a DataFrame, as tts.{reader}() gives it, not a {type(frame).__name__}."
        )
    if frame.columns.nlevels > 1:
        raise InputError(
            f"{what} have {frame.columns.nlevels} levels of column names; keep one, e.g. "
            "frame.columns = frame.columns.get_level_values(0)."
        )
    try:
        repeated = frame.columns[frame.columns.duplicated()].intersection(_KNOWN)
        listed = ", ".join(map(str, frame.columns))
    except (TypeError, ValueError):  # a signalling NaN; a number of over 4,300 digits
        raise InputError(f"{what} have a column whose name is not text; rename or drop it.") from None
    if len(repeated):
        raise InputError(f"{what} have several columns {repeated[0]}; rename or drop all but one of them.")
    missing = [name for name in names if name not in frame]
    if missing:
        raise InputError(
            f"{what} have no column {' and '.join(missing)}; tts.{reader}() gives such a frame. "
            f"The columns are: {listed}."
        )


def _refuse_repeated(text: pd.Series, what: str, name: str) -> None:
    repeated = text[keys.repeated(text)]
    if len(repeated):
        raise InputError(
            f"{what} hold {len(repeated):,} rows whose {name} an earlier row has, "
            f"{repeated.iloc[0]} among them; keep one row per order, e.g. frame.drop_duplicates({name!r})."
        )


def _text(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return a column as text, all missing where the frame does not have it."""
    if name not in frame:
        return keys.missing_text(len(frame))
    series = frame[name]
    if ids.is_text(series):
        return series
    codes, words = ids.factorize_text(series)
    return keys.decode([*words, None], codes)


def _currency(frame: pd.DataFrame) -> pd.Categorical:
    """Return the currencies in capitals; a blank one is missing."""
    codes, words = ids.lowered_categories(_text(frame, "currency"))
    places, currencies = pd.factorize(np.array([word.upper() or None for word in words], dtype=object))
    return pd.Categorical.from_codes(places[codes], categories=pd.Index(currencies, dtype="object"))


def _equals(frame: pd.DataFrame, name: str, *said: str) -> Flags:
    """Tell where a column of few words says one of these, in any case; False where it is not there."""
    if name not in frame:
        return np.zeros(len(frame), dtype=bool)
    return _flags_of(ids.lowered_categories(frame[name]), *said)


def _flags_of(column: tuple[np.ndarray, list[str]], *said: str) -> Flags:
    """Tell where a column of `lowered_categories` says one of these words."""
    codes, words = column
    flags: Flags = np.array([word in said for word in words], dtype=bool)[codes]
    return flags


def _amounts(frame: pd.DataFrame, name: str) -> Amounts:
    """Return money in major units; NaN where missing or without end."""
    if name not in frame:
        return np.full(len(frame), np.nan)
    with ids.refusing(name, "numbers", "convert it with pd.to_numeric"):
        series = ids.without_views(frame[name])
        if pd.api.types.is_datetime64_any_dtype(series) or pd.api.types.is_timedelta64_dtype(series):
            raise TypeError  # pandas would read nanoseconds
        if not pd.api.types.is_numeric_dtype(series.dtype):
            series = pd.to_numeric(series.astype("object"))
        amounts = series.to_numpy(dtype="float64", na_value=np.nan)
    return np.where(np.isfinite(amounts), amounts, np.nan)


def _times(frame: pd.DataFrame, name: str) -> Times:
    if name not in frame:
        return Times(np.full(len(frame), "NaT", dtype="datetime64[us]"), zoned=False)
    series = frame[name]
    with ids.refusing(name, "dates", "convert it with pd.to_datetime"):
        if not pd.api.types.is_datetime64_any_dtype(series.dtype):
            # As plain objects: categories and Arrow's string views have rules of their own.
            codes, values = pd.factorize(pd.Series(series.tolist(), dtype="object"))
            if pd.api.types.infer_dtype(values) not in _DATE_KINDS:
                raise TypeError
            times = pd.Series(pd.to_datetime(pd.Series(values, dtype="object"), format="ISO8601"))
            series = times.reindex(codes).reset_index(drop=True)
        zoned = isinstance(series.dtype, pd.DatetimeTZDtype) or getattr(series.dtype, "tz", None) is not None
        bare = series.dt.tz_convert("UTC").dt.tz_localize(None) if zoned else series
        return Times(bare.to_numpy(dtype="datetime64[us]", na_value=np.datetime64("NaT")), zoned=zoned)


def _cancelled(frame: pd.DataFrame) -> Flags:
    if "cancelled" not in frame:
        given: Flags = ~np.isnat(_times(frame, "cancelled_at").moments)
        return given
    return _flags(frame, "cancelled")


def _from_tiktok(frame: pd.DataFrame) -> Flags:
    """The reader says it; of another frame the channel does."""
    if "from_tiktok" in frame:
        return _flags(frame, "from_tiktok")
    codes, channels = ids.lowered_categories(_text(frame, "source"))
    said: Flags = np.array(["tiktok" in channel for channel in channels])[codes]
    return said


def _flags(frame: pd.DataFrame, name: str) -> Flags:
    """Return a column of flags, which may have been through a file; False where it is not there."""
    if name in frame and frame[name].dtype == bool:
        return frame[name].to_numpy()
    return _equals(frame, name, *_TRUE_WORDS)

"""`match`: two exports and the look-up's answers → every order once, with its status."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from decimal import Decimal
from importlib import metadata
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ttsframe.errors import InputError, SuspiciousInputWarning
from ttsframe.matching.align import align, only_settlement
from ttsframe.matching.bridge import bridge
from ttsframe.matching.classify import classify
from ttsframe.matching.explain import explain
from ttsframe.matching.frame import components_of, cut_off, details_of, inside, to_frame
from ttsframe.matching.heuristic import WINDOW_HOURS, guess
from ttsframe.matching.inputs import Source, read_inputs
from ttsframe.matching.links import LookupState, collect_links
from ttsframe.matching.pairing import pair
from ttsframe.matching.result import Match
from ttsframe.matching.tie_out import sources, tie_out
from ttsframe.references.arguments import to_pandas
from ttsframe.references.frame import is_simulated
from ttsframe.text import Note, by_weight, counted

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from ttsframe.matching.align import Aligned, Period
    from ttsframe.matching.inputs import Inputs, References, Shopify
    from ttsframe.matching.links import LinkGraph

# References that hold at most this share of so many orders are likely another file's.
_SHARE_IN_DOUBT = 0.1
_LEAST_ORDERS_TO_DOUBT = 10
_ANSWERS_TO_JUDGE = 200
_DAY = np.timedelta64(1, "D")


def match(
    tiktok: pd.DataFrame,
    shopify: pd.DataFrame,
    refs: pd.DataFrame | None = None,
    *,
    tolerance: float = 0.01,
    settlement: pd.DataFrame | None = None,
    probable: bool = False,
    period: tuple[str | dt.date, str | dt.date] | None = None,
) -> Match:
    """Find which TikTok order is which Shopify order, and where the two disagree.

    Links come from the references of the look-up, and from the TikTok ids that stand in the
    Shopify orders' tags, note attributes, notes, names and source identifiers. None is believed over another:

    ===============================================================  ==================
    what is linked, and what is seen                                 status
    ===============================================================  ==================
    a Shopify order linked to two TikTok orders, by any sources      ``conflict``, on every row of both
    a TikTok order linked to two Shopify orders, by any sources      ``duplicate``, one row each
    one and one, only guessed from amount and time (see `probable`)  ``probable``
    one and one; cancelled, refunded or voided on one side only      ``state_differs``
    one and one; components add up to the difference (see below)     ``explained``
    one and one; amounts beyond the tolerance, or currencies differ  ``amount_differs``
    one and one; else, a missing amount or currency included         ``matched``
    a Shopify order linked to one TikTok order not in the file       ``only_shopify``, ``not_in_export``
    a Shopify order that came from TikTok, without a link            ``only_shopify``, ``no_order_id``
    no link; cancelled and never paid on TikTok                      ``not_expected``
    linked, but to no order of the Shopify files                     ``only_tiktok``, ``not_in_export``
    linked to a name or bare number that fits several orders         ``unknown``, ``ambiguous_reference``
    no link; the shop answered that there is none                    ``only_tiktok``, ``unlinked``
    no link; the look-up failed, was denied, skipped, or invalid     ``unknown``, with its reason
    no link; the references do not hold the order                    ``unknown``, ``not_asked``
    no link; there are no references, or it was ``known``            ``only_tiktok``, ``no_mark``
    ===============================================================  ==================

    The first row that applies stands. Shopify orders with no link to TikTok are counted in the
    notes, not listed.

    A difference beyond the tolerance is explained where one smallest set of at most three components
    (`columns.COMPONENTS`) adds up to it exactly: discounts that TikTok or the seller paid, the shipping
    fee, taxes and other fees, as far as the frames have such columns, or else the payout. The reason
    names them, as ``platform_discount + taxes``. Where several sets of one size fit, it stays
    ``amount_differs``, with the sets in `evidence`. `Match.bridge` adds them all up.

    Parameters
    ----------
    tiktok
        As `read_tiktok_orders` gives it; needs `order_id`, once each. This and the other frames may
        also be tables of another library that speaks Arrow, such as polars.
    shopify
        As `read_shopify_orders` gives it; needs `shopify_id` or `name`.
    refs
        As `lookup` gives it, for any platforms; needs `order_id` and `external_order_id`.
        An external id is found as a Shopify id, plain or as ``gid://``, else as an order
        name (``#``, case and blanks ignored).
    tolerance
        The largest difference that counts as equal, in major units of the currency.
        Amounts are compared in whole minor units of their currency (ISO 4217).
    settlement
        As `read_tiktok_settlement` gives it: adds `columns.MATCH_SETTLEMENT`; `settled_counted` sums to
        the total of payouts. What it holds beside these orders is in `Match.only_settlement`.
    probable
        Also pair what is left by equal amount and times within 26 hours, where exactly one
        order fits exactly one. A guess is no match until a person has agreed to it: such
        pairs have the status ``probable``, which needs work.
    period
        The first and the last day to report, such as ``("2026-10-01", "2026-10-31")``. An order
        belongs to the day on which it was created on TikTok, or else on Shopify, by the clock that
        its column of dates shows. The files may hold more days: so pairs across the ends of the
        period are found. They are listed in `Match.cut_off`.

    Returns
    -------
    Match
        Its `orders` follow the order of `tiktok`, then come Shopify's; the rows of one conflict
        or duplicate stand together, where the first of them stands.

    Raises
    ------
    InputError
        If a frame has not the columns it needs, or an id more than once, or all or most ids of
        `refs` have lost their last digits in a spreadsheet.

    Warns
    -----
    SuspiciousInputWarning
        If `refs` hold hardly any of ten or more TikTok orders.

    See Also
    --------
    compare : What changed between two results.

    Examples
    --------
    >>> import pandas as pd
    >>> import ttsframe as tts
    >>> ids = ["577000000000000001", "577000000000000002"]
    >>> tiktok = pd.DataFrame({"order_id": ids, "amount": [20.0, 12.5]})
    >>> shopify = pd.DataFrame({"name": ["#1001"], "total": [20.0], "tiktok_order_id": ids[:1]})
    >>> result = tts.match(tiktok, shopify)
    >>> result.orders["status"].tolist()
    ['matched', 'only_tiktok']
    >>> result.orders["reason"].tolist()[1]
    'no_mark'
    """
    tolerance, between = _checked_tolerance(tolerance), _checked_period(period)
    # Tables of another library, such as polars, are taken as well.
    tiktok, shopify = to_pandas(tiktok, parameter="tiktok"), to_pandas(shopify, parameter="shopify")
    refs, settlement = to_pandas(refs, parameter="refs"), to_pandas(settlement, parameter="settlement")
    named = {"TikTok": tiktok, "Shopify": shopify, "look-up": refs, "settlement": settlement}
    frames = {name: frame for name, frame in named.items() if frame is not None}
    given = read_inputs(tiktok, shopify, refs, settlement)
    graph = collect_links(given)
    pairs, candidates = pair(graph), np.zeros(graph.n_tiktok, dtype=np.int64)
    if probable:
        pairs, candidates = guess(given.tiktok, given.shopify, graph, pairs)
    rows = align(given, graph, pairs, candidates, period=between)
    verdicts = classify(rows, explain(rows), tolerance=tolerance)
    orders = to_frame(rows, verdicts)
    beside = None if given.settlement is None else only_settlement(given.settlement, graph, rows)
    return Match(
        inside(rows, orders),
        tuple(by_weight([*rows.notes, *_notes(given, graph, rows), *_told_by_readers(frames.values())])),
        _provenance(frames) | _dates(rows, between),
        inside(rows, details_of(rows)),
        bridge(rows, verdicts),
        components_of(rows),
        beside,
        None if between is None else cut_off(rows, orders, between),
        tie_out(given, rows, frames, beside),
        sources(frames),
    )


def _checked_tolerance(tolerance: object) -> float:
    try:
        value = float(tolerance) if isinstance(tolerance, (Real, Decimal)) else np.nan
    except (ValueError, OverflowError):  # a signalling NaN; more than a float can hold
        value = np.nan
    if not value >= 0:
        raise InputError(
            "give a number of 0 or more, in major units of the currency, such as 0.01.",
            parameter="tolerance",
        )
    return value


def _checked_period(period: object) -> Period | None:
    """Return the first moment of a period, and the first after its last day."""
    if period is None:
        return None
    advice = "give the first and the last day, such as ('2026-10-01', '2026-10-31')."
    if not isinstance(period, (tuple, list)) or len(period) != 2:  # noqa: PLR2004
        raise InputError(advice, parameter="period")
    first, last = pd.to_datetime(
        pd.Series(period, dtype="object"), format="ISO8601", errors="coerce", utc=True
    )
    if not first <= last:  # also where one is none
        raise InputError(advice, parameter="period")
    first, last = (day.tz_localize(None).normalize() for day in (first, last))
    return first.to_datetime64(), last.to_datetime64() + _DAY


def _dates(rows: Aligned, period: Period | None) -> dict[str, str]:
    """Say of which days the orders are: those of the period, or else all of the files."""
    known = rows.created[~np.isnat(rows.created)]
    if period is None and not len(known):
        return {}
    first, last = (known.min(), known.max()) if period is None else (period[0], period[1] - _DAY)
    return {"period": " to ".join(np.datetime_as_string([first, last], "D"))}


def _told_by_readers(frames: Iterable[pd.DataFrame]) -> list[Note]:
    """Return what the readers decided, guessed or left out: an order left out must not go unseen."""
    notes = [note for frame in frames for note in frame.attrs.get("notes", ())]
    # Parquet gives a note back as a list; a caller's own may be a mere text.
    return [Note(*note) if isinstance(note, (tuple, list)) else Note("warning", str(note)) for note in notes]


def _notes(given: Inputs, graph: LinkGraph, rows: Aligned) -> list[Note]:
    """Say what the frame does not show."""
    tiktok, shopify = given.tiktok, given.shopify
    listed = np.zeros(graph.n_shopify, dtype=bool)
    listed[rows.shopify.node[rows.shopify.there]] = True
    unlisted = int((~listed).sum())
    outside = int((~rows.inside).sum())
    undated = int(np.isnat(rows.created).sum()) if outside else 0
    guessed = int((rows.sources == Source.PROBABLE).sum())
    lost = int(shopify.ids.isna().sum())
    unpaid = tiktok.unpaid.all() and not tiktok.cancelled.all()
    unmatched_settlements = int((graph.settlement_nodes >= graph.n_tiktok).sum())
    found: dict[Note, object] = {
        Note("left_out", f"Rows of orders created outside the period: {outside:,}."): outside,
        Note("warning", f"Rows without a date, which are reported in every period: {undated:,}."): undated,
        Note("count", f"Shopify orders with no link to TikTok, not listed: {unlisted:,}."): unlisted,
        Note(
            "warning",
            f"Probable pairs (equal amounts within {WINDOW_HOURS} hours): {guessed:,}. Confirm each before "
            "you treat it as a match.",
        ): guessed,
        Note("warning", f"Shopify orders without an id, which a look-up cannot match by id: {lost:,}."): lost
        and given.refs is not None,
        Note(
            "decision",
            "No TikTok order has a time of payment: cancelled ones count as unpaid unless refunded.",
        ): unpaid,
        Note(
            "left_out",
            f"Orders of the settlement that are not among the TikTok orders: {unmatched_settlements:,}.",
        ): unmatched_settlements,
    }
    notes = [note for note, holds in found.items() if holds]
    notes += () if given.settlement is None else given.settlement.notes
    if given.refs is None:
        return notes
    return [*notes, *given.refs.notes, *_told_by_answers(given.refs, shopify), *_coverage(graph)]


def _told_by_answers(refs: References, shopify: Shopify) -> list[Note]:
    """Say how many orders were not asked or have old answers, and whether asking is of any use."""
    known, stale = int(refs.known.sum()), int((refs.reason == "stale").sum())
    answers = int((refs.answered & refs.shopify).sum())
    linked = bool((refs.external.notna() & refs.shopify).any())
    marked = int(np.count_nonzero(np.bincount(shopify.marks.rows)))
    found: dict[Note, object] = {
        Note("count", f"Orders not looked up, as a Shopify order names them: {known:,}."): known,
        Note(
            "warning",
            f"Orders with an answer that has expired, as no fresh one could be had: {stale:,}. "
            "Look them up again.",
        ): stale,
        Note(
            "decision",
            f"None of {answers:,} answers names a Shopify order, although {counted(marked, 'Shopify order')} "
            "name a TikTok order: this shop's orders seem to carry no references. Looking up only what no "
            "Shopify order names (known=, or --ask unmarked), or nothing, saves the time.",
        ): answers >= _ANSWERS_TO_JUDGE and not linked and marked,
    }
    return [note for note, holds in found.items() if holds]


def _coverage(graph: LinkGraph) -> tuple[Note, ...]:
    """Say how many orders the references hold, unless it is all; warn where they may be another file's."""
    total, held = len(graph.answers), int((graph.answers != LookupState.NOT_ASKED).sum())
    if held == total:
        return ()
    note = f"The references hold {held:,} of the {total:,} TikTok orders"
    if held > _SHARE_IN_DOUBT * total or total < _LEAST_ORDERS_TO_DOUBT:
        return (Note("count", f"{note}."),)
    doubt = f"{note}: is this the look-up of these orders?"
    warnings.warn(doubt, SuspiciousInputWarning, stacklevel=4)  # told of the line that calls `match`
    return (Note("warning", doubt),)


def _provenance(frames: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Say when, with which version, and from what."""
    facts = {"made at": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC", "ttsframe": _version()}
    for side, frame in frames.items():
        facts[side] = counted(len(frame), "row")
        facts |= {f"{side} file {name}": counted(count, "order") for name, count in _files(frame).items()}
    simulated = "look-up" in frames and is_simulated(frames["look-up"])
    return facts | ({"gateway": "simulated (sandbox)"} if simulated else {})


def _files(frame: pd.DataFrame) -> dict[str, int]:
    if "source_file" not in frame:
        return {}
    return {str(name): int(count) for name, count in frame["source_file"].value_counts(sort=False).items()}


def _version() -> str:
    try:
        return metadata.version("ttsframe")
    except metadata.PackageNotFoundError:
        return "not installed"

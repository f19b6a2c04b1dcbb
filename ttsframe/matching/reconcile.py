"""`match`: two exports and the look-up's answers → every order once, with its status."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from decimal import Decimal
from importlib import metadata
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np

from ttsframe.errors import InputError, SuspiciousInputWarning
from ttsframe.matching import inputs, links, pairing
from ttsframe.matching.align import align
from ttsframe.matching.conflicts import sort_by_component
from ttsframe.matching.frame import days_of, excluded_of, missing_amount_of, to_frame
from ttsframe.matching.heuristic import WINDOW_HOURS, guess
from ttsframe.matching.result import Match
from ttsframe.references.arguments import to_pandas
from ttsframe.references.frame import is_simulated
from ttsframe.text import Note, counted

if TYPE_CHECKING:
    import pandas as pd

    from ttsframe.matching.inputs import Inputs, Shopify
    from ttsframe.matching.links import CandidateLinks, LinkGraph
    from ttsframe.matching.pairing import Rows, Sizes

# References that hold at most this share of so many orders are likely another file's.
_SHARE_IN_DOUBT = 0.1
_LEAST_ORDERS_TO_DOUBT = 10
_PROBABLE = inputs.SOURCE_BITS["probable"]


def match(
    tiktok: pd.DataFrame,
    shopify: pd.DataFrame,
    refs: pd.DataFrame | None = None,
    *,
    tolerance: float = 0.01,
    settlement: pd.DataFrame | None = None,
    probable: bool = False,
) -> Match:
    """Find which TikTok order is which Shopify order, and where the two disagree.

    CandidateLinks come from the references of the look-up, and from the TikTok ids that stand in the
    Shopify orders' tags, note attributes, notes and names. No source is believed over another:

    ===============================================================  ==================
    what is claimed, and what is seen                                status
    ===============================================================  ==================
    a Shopify order claimed for two TikTok orders, by any sources    ``conflict``, on every row of both
    a TikTok order with two Shopify orders, by any sources           ``duplicate``, a row each
    one and one, only guessed from amount and time (see `probable`)  ``probable``
    one and one; cancelled, refunded or voided on one side only      ``state_differs``
    one and one; amounts beyond the tolerance, or currencies differ  ``amount_differs``
    one and one; else, a missing amount or currency included         ``matched``
    a Shopify order for one TikTok order that is not in the file     ``only_shopify``, ``not_in_export``
    a Shopify order of source tiktok that nothing is claimed of      ``only_shopify``, ``no_order_id``
    no claim; cancelled and never paid on TikTok, and not linked     ``not_expected``
    linked, but to no order of the Shopify files                     ``only_tiktok``, ``not_in_export``
    linked to a name or bare number that fits several orders         ``unknown``, ``ambiguous_reference``
    no claim; the shop answered that there is no link                ``only_tiktok``, ``unlinked``
    no claim; the look-up failed, was denied, skipped, or invalid    ``unknown``, with its reason
    no claim; the references do not hold the order                   ``unknown``, ``not_asked``
    no claim; there are no references                                ``only_tiktok``, ``no_mark``
    ===============================================================  ==================

    The first row that applies stands. Shopify orders with no sign of TikTok are counted in the
    notes, not listed.

    Parameters
    ----------
    tiktok
        As `read_tiktok_orders` gives it; needs `order_id`, once each. This and the other frames may
        also be tables of another library that speaks Arrow, such as polars. A column
        `platform_discount`, if there, explains differences that TikTok paid.
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
        As `read_tiktok_settlement` gives it: adds `settled_amount` and `settled_at`.
    probable
        Also pair what is left by equal amount and times within 26 hours, where exactly one
        order fits exactly one. A guess is no match until a person has agreed to it: such
        pairs have the status ``probable``, which needs work.

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
    """
    tolerance = _checked_tolerance(tolerance)
    # Tables of another library, such as polars, are taken as well.
    tiktok, shopify = to_pandas(tiktok, parameter="tiktok"), to_pandas(shopify, parameter="shopify")
    refs, settlement = to_pandas(refs, parameter="refs"), to_pandas(settlement, parameter="settlement")
    given = inputs.read_inputs(tiktok, shopify, refs, settlement)
    graph = links.collect_links(given)
    size = pairing.sizes(graph, len(given.shopify.names))
    pairs, candidates = _pairs(given, graph, size, probable=probable)
    rows = sort_by_component(pairing.rows_of(pairs, size, _unpaired_shopify(given.shopify, pairs)))
    aligned = align(given, graph, rows, candidates, tolerance=tolerance)
    return Match(
        to_frame(aligned),
        (
            *aligned.currencies.notes,
            *_notes(given, graph, rows, size),
            *_told_by_readers(tiktok, shopify, refs, settlement),
        ),
        _provenance(tiktok, shopify, refs, settlement),
        days_of(aligned),
        excluded_of(aligned),
        missing_amount_of(aligned),
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


def _pairs(
    given: Inputs, graph: LinkGraph, size: Sizes, *, probable: bool
) -> tuple[CandidateLinks, np.ndarray]:
    """Return the pairs, and how many orders each TikTok order could be guessed to be."""
    proven = pairing.pairs_of(graph, size)
    if not probable:
        return proven, np.zeros(size.tiktok, dtype=np.int64)
    guesses = guess(given.tiktok, given.shopify, graph, proven)
    return proven.plus(guesses.pairs), guesses.candidates


def _unpaired_shopify(shopify: Shopify, pairs: CandidateLinks) -> np.ndarray:
    """Find the orders of source tiktok that nothing is claimed of."""
    codes, sources = inputs.lowered_categories(shopify.source)
    from_tiktok = np.array(["tiktok" in source for source in sources])[codes]
    from_tiktok[pairs.shopify[pairs.shopify < len(from_tiktok)]] = False
    return np.flatnonzero(from_tiktok)


def _told_by_readers(*frames: pd.DataFrame | None) -> list[Note]:
    """Return what the readers decided, guessed or left out: an order left out must not go unseen."""
    notes = [note for frame in frames if frame is not None for note in frame.attrs.get("notes", ())]
    # Parquet gives a note back as a list; a caller's own may be a mere text.
    return [Note(*note) if isinstance(note, (tuple, list)) else Note("warning", str(note)) for note in notes]


def _notes(given: Inputs, graph: LinkGraph, rows: Rows, size: Sizes) -> list[Note]:
    """Say what the frame does not show."""
    tiktok, shopify = given.tiktok, given.shopify
    listed = np.zeros(size.shopify_nodes, dtype=bool)
    listed[rows.shopify[rows.shopify >= 0]] = True
    unlisted = size.shopify - int(listed[: size.shopify].sum())
    guessed = int((rows.bits == _PROBABLE).sum())
    lost = int(shopify.ids.isna().sum())
    unpaid = tiktok.unpaid.all() and not tiktok.cancelled.all()
    unmatched_settlements = int((graph.settlement_nodes >= size.tiktok).sum())
    found: dict[Note, object] = {
        Note("count", f"Shopify orders without a sign of TikTok, not listed: {unlisted:,}."): unlisted,
        Note(
            "warning",
            f"Pairs that are only probable, guessed from equal amounts within {WINDOW_HOURS} hours, and no "
            f"matches until a person has agreed: {guessed:,}.",
        ): guessed,
        Note("warning", f"Shopify orders without an id, which a look-up cannot name by it: {lost:,}."): lost
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
    told = () if given.refs is None else (*given.refs.notes, *_coverage(graph))
    adjustments = () if given.settlement is None else given.settlement.notes
    return [*(note for note, holds in found.items() if holds), *adjustments, *told]


def _coverage(graph: LinkGraph) -> tuple[Note, ...]:
    """Say how many orders the references hold, unless it is all; warn where they may be another file's."""
    total, held = len(graph.answers), int((graph.answers != links.LookupState.NOT_ASKED).sum())
    if held == total:
        return ()
    note = f"The references hold {held:,} of the {total:,} TikTok orders"
    if held > _SHARE_IN_DOUBT * total or total < _LEAST_ORDERS_TO_DOUBT:
        return (Note("count", f"{note}."),)
    doubt = f"{note}: is this the look-up of these orders?"
    warnings.warn(doubt, SuspiciousInputWarning, stacklevel=4)  # told of the line that calls `match`
    return (Note("warning", doubt),)


def _provenance(
    tiktok: pd.DataFrame, shopify: pd.DataFrame, refs: pd.DataFrame | None, settlement: pd.DataFrame | None
) -> dict[str, str]:
    """Say when, with which version, and from what."""
    facts = {"made at": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC", "ttsframe": _version()}
    for side, frame in (
        ("TikTok", tiktok), ("Shopify", shopify), ("look-up", refs), ("settlement", settlement)
    ):  # fmt: skip
        if frame is not None:
            facts[side] = counted(len(frame), "row")
            facts |= {f"{side} file {name}": counted(count, "order") for name, count in _files(frame).items()}
    return facts | ({"gateway": "simulated (sandbox)"} if refs is not None and is_simulated(refs) else {})


def _files(frame: pd.DataFrame) -> dict[str, int]:
    if "source_file" not in frame:
        return {}
    return {str(name): int(count) for name, count in frame["source_file"].value_counts(sort=False).items()}


def _version() -> str:
    try:
        return metadata.version("ttsframe")
    except metadata.PackageNotFoundError:
        return "not installed"

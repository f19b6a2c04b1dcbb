"""Every column of every frame that ttsframe returns: name, dtype, description.

The tables of the documentation are made from this module, and every frame is cast by
`conform`, so the two cannot drift apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ColumnType = Literal["text", "category", "flag", "count", "http_status", "money", "time", "utc"]


class Column(NamedTuple):
    """One column of a frame."""

    name: str
    type: ColumnType
    description: str
    categories: tuple[str, ...] = ()


TEXT_DTYPE: Any = "object" if pd.__version__.startswith("2.") else "str"
UTC_DTYPE: Final = "datetime64[us, UTC]"
TIME_DTYPE: Final = "datetime64[us]"

_DTYPES: dict[str, Any] = {
    "text": TEXT_DTYPE,
    "flag": "bool",
    "count": "Int64",
    "http_status": "Int16",
    "money": "float64",
    "time": TIME_DTYPE,
    "utc": UTC_DTYPE,
}

STATUSES: dict[str, str] = {
    "linked": "the gateway named the external order",
    "unlinked": "the gateway answered that there is no external order",
    "denied": "the order does not belong to this shop",
    "invalid": "not an order id: never sent, or refused by the gateway",
    "failed": "no answer received; calling again retries",
    "skipped": "not asked: a Shopify order names it already, or the call was offline",
}

REASONS: dict[str, str] = {
    "digits_lost": "a spreadsheet rounded the id (5.80194E+17); download the export again",
    "not_digits": "the text is not made of digits only",
    "too_long": "more than 20 digits",
    "missing": "the cell was empty",
    "refused_id": "the gateway does not accept it as an order id (36020001)",
    "not_this_shop": "the order belongs to another shop (21008111)",
    "bad_parameter": "the gateway refused a parameter of this request",
    "throttled": "refused by the rate limit a hundred times, while other orders got through",
    "timeout": "no answer within the time-out",
    "network": "the connection failed",
    "server_error": "the gateway had an internal error",
    "bad_answer": "the answer could not be read",
    "unknown_code": "an undocumented error code; see error_code and error_message",
    "offline": "not cached, and the call was offline",
    "known": "a Shopify order names it already, so it was not asked",
    "stale": "an expired answer, used because no fresh one could be had; see fetched_at",
}

REFERENCES: tuple[Column, ...] = (
    Column(
        "order_id",
        "text",
        "the cleaned id; the original text if it is not a valid id; missing if the input was missing",
    ),
    Column("platform", "text", "the platform, as requested"),
    Column("external_order_id", "text", "the order's id on that platform; missing unless linked"),
    Column("status", "category", "how the look-up ended", tuple(STATUSES)),
    Column("reason", "text", "the cause as one stable word; missing if linked or unlinked"),
    Column("error_code", "text", "the gateway's error code"),
    Column("error_message", "text", "the message of the gateway or of the network"),
    Column("http_status", "http_status", "the HTTP status of the last response"),
    Column("request_id", "text", "request id; quote it to TikTok Shop support"),
    Column("fetched_at", "utc", "when the answer was received"),
    Column("from_cache", "flag", "whether the answer came from the cache"),
)

LINE_ITEMS: tuple[Column, ...] = (
    *REFERENCES[:3],
    Column("line_item_id", "text", "`line_items[].id`, as the gateway names it"),
    Column("line_item_origin_id", "text", "`line_items[].origin_id`, as the gateway names it"),
    *REFERENCES[3:],
)

TIKTOK_ORDERS: tuple[Column, ...] = (
    Column("order_id", "text", "the TikTok Shop order id; the original text if it is not a valid id"),
    Column("status", "text", "the order status as exported, in the export's language"),
    Column("cancelled", "flag", "whether the order was cancelled"),
    Column("created_at", "time", "when the order was placed; UTC if `tz=` was given, else without zone"),
    Column("paid_at", "time", "when it was paid"),
    Column("cancelled_at", "time", "when it was cancelled"),
    Column("currency", "text", "the currency of the amounts, where the file names one"),
    Column("amount", "money", "what the buyer paid for the order, counted once"),
    Column("refunded", "money", "what was refunded"),
    Column("quantity", "count", "units over all lines"),
    Column("skus", "text", "the seller's SKUs, joined by `; `"),
    Column("platform_discount", "money", "what TikTok itself paid towards the lines' prices"),
    Column(
        "shipping_platform_discount",
        "money",
        "what TikTok paid towards shipping, co-funded discounts included",
    ),
    Column("payment_platform_discount", "money", "the discount of the payment platform"),
    Column("seller_discount", "money", "the seller's own discount on the lines"),
    Column("shipping_fee", "money", "what the buyer paid for shipping"),
    Column("taxes", "money", "the taxes that the buyer paid"),
    Column("other_fees", "money", "delivery, service and handling fees, and insurance, added up"),
    Column("fulfilled_by_tiktok", "flag", "whether TikTok's own warehouse sends it"),
    Column(
        "sample", "flag", "whether it is a free sample: an order of 0 for which TikTok paid nothing either"
    ),
    Column("on_hold", "flag", "whether it is unpaid or on hold, so that it is not yet to be sent"),
    Column("source_file", "text", "the file that the order was read from"),
)

TIKTOK_ORDER_ID_SOURCES = ("tag", "note_attribute", "note", "name", "source_identifier")

SHOPIFY_ORDERS: tuple[Column, ...] = (
    Column("shopify_id", "text", "the numeric Shopify id; missing where a spreadsheet destroyed it"),
    Column("name", "text", "the order name, as `#1001`"),
    Column("created_at", "utc", "when the order was created"),
    Column("cancelled_at", "utc", "when it was cancelled"),
    Column("cancelled", "flag", "whether it was cancelled"),
    Column("currency", "text", "the currency of the amounts"),
    Column("total", "money", "the order total"),
    Column("refunded", "money", "what was refunded"),
    Column("taxes", "money", "the taxes in the total"),
    Column("shipping", "money", "the shipping in the total"),
    Column("discount", "money", "the discount on the order"),
    Column("financial_status", "text", "`paid`, `refunded`, `partially_refunded`, `voided`, …"),
    Column("fulfillment_status", "text", "`fulfilled`, `unfulfilled`, …"),
    Column("source", "text", "the sales channel"),
    Column(
        "from_tiktok",
        "flag",
        "whether it came from TikTok Shop, by its channel, its tags, an id in it, or its e-mail's domain",
    ),
    Column("tags", "text", "the order's tags"),
    Column("skus", "text", "the SKUs of its lines, joined by `; `"),
    Column("tiktok_order_id", "text", "the TikTok order id written into the order, if any"),
    Column(
        "tiktok_order_id_from",
        "category",
        "where that id stood",
        TIKTOK_ORDER_ID_SOURCES,
    ),
    Column(
        "tiktok_marks", "text", "every TikTok order id in the order, with its place: `tag:5801…; note:5802…`"
    ),
    Column("source_file", "text", "the file that the order was read from"),
)

SETTLEMENTS: tuple[Column, ...] = (
    Column("order_id", "text", "the TikTok Shop order id"),
    Column("settled_amount", "money", "what was paid out for the order, over all its rows"),
    Column("currency", "text", "the currency of the amount"),
    Column("settled_at", "time", "the last settlement date"),
    Column("types", "text", "the kinds of rows, joined by `; `"),
)

MATCH_STATUSES: dict[str, str] = {
    "matched": "one order on each side; states agree, and amounts where both are known",
    "explained": "one on each side; amounts differ, and known components add up to the difference exactly",
    "amount_differs": "one on each side; amounts differ and are not explained, or currencies differ",
    "state_differs": "cancelled, fully refunded or voided on one side only",
    "duplicate": "several Shopify orders for one TikTok order",
    "conflict": "the sources name different TikTok orders for one Shopify order",
    "only_tiktok": "no such Shopify order in the files",
    "only_shopify": "a Shopify order that came from TikTok Shop, but its TikTok order is not in the files",
    "not_expected": "cancelled before payment on TikTok, and absent from Shopify",
    "unknown": "the look-up gave no answer and there is no other evidence",
}

MATCH_GUESSED: dict[str, str] = {
    "probable": "a possible pair with equal amount and near time: confirm before treating it as matched",
}
"""The status of a guess, which stands after the others, and only where guesses were asked for."""

MATCH_SOURCES = ("reference", *TIKTOK_ORDER_ID_SOURCES, "probable")

MATCH_ORDERS: tuple[Column, ...] = (
    Column("order_id", "text", "the TikTok Shop order id"),
    Column("shopify_id", "text", "the numeric Shopify id"),
    Column("shopify_name", "text", "the Shopify order name"),
    Column("status", "category", "how the two sides compare", (*MATCH_STATUSES, *MATCH_GUESSED)),
    Column("matched_on", "category", "the first source that made the pair", MATCH_SOURCES),
    Column(
        "evidence",
        "text",
        "every source that agrees, separated by `; `; in a conflict also what contradicts it",
    ),
    Column("tiktok_amount", "money", "the amount on TikTok"),
    Column("shopify_total", "money", "the total on Shopify"),
    Column("difference", "money", "shopify_total − tiktok_amount"),
    Column("currency", "text", "the currency; both, as `USD/EUR`, where they differ; missing if unknown"),
    Column("tiktok_status", "text", "the order status as TikTok exported it"),
    Column("financial_status", "text", "the financial status on Shopify"),
    Column("reason", "text", "the cause, as far as it can be seen"),
    Column(
        "tiktok_created_at", "time", "when it was placed on TikTok; UTC where the zone is known, else without"
    ),
    Column("tiktok_paid_at", "time", "when it was paid on TikTok; likewise"),
    Column("shopify_created_at", "time", "when it was created on Shopify; likewise"),
    Column("days_apart", "count", "calendar days from `tiktok_created_at` to `shopify_created_at`"),
    Column(
        "tiktok_counted",
        "money",
        "the amount in the TikTok total; 0 if cancelled, refunded or included in a row above",
    ),
    Column(
        "shopify_counted",
        "money",
        "the amount in the Shopify total; 0 if cancelled, refunded or included in a row above",
    ),
    Column(
        "difference_counted",
        "money",
        "the difference in the totals: shopify_counted − tiktok_counted, an absent order as 0; missing "
        "where the amounts cannot be compared",
    ),
    Column("tiktok_refunded", "money", "what was refunded on TikTok; missing if unknown"),
    Column("shopify_refunded", "money", "what was refunded on Shopify; missing if unknown"),
)

MATCH_SETTLEMENT: tuple[Column, ...] = (
    Column("settled_amount", "money", "what TikTok paid out for the order; only with `settlement=`"),
    Column(
        "settled_counted",
        "money",
        "the payout in the total of payouts; 0 if included in a row above; only with `settlement=`",
    ),
    Column("settled_currency", "text", "the currency of the payout; only with `settlement=`"),
    Column("settled_at", "time", "the last settlement date; only with `settlement=`"),
)

MATCH_COMMENTS: tuple[Column, ...] = (
    Column("comment", "text", "what somebody wrote beside the order, in this report or an earlier one"),
    Column("resolution", "text", "how it was settled, likewise"),
)
"""What people fill in, and the next report carries forward."""

SETTLEMENT_STATUSES: dict[str, str] = {
    "only_settlement": "paid out for an order that is not among the TikTok orders",
    "outside_period": "paid out for a TikTok order that was not created in the period",
    "adjustment": "a row of the settlement that names no order",
}
"""The statuses of what the settlement holds beside the TikTok orders."""

ONLY_SETTLEMENT: tuple[Column, ...] = (
    Column("order_id", "text", "the TikTok Shop order id; missing for an adjustment"),
    Column("status", "category", "why it is on no row of the orders", tuple(SETTLEMENT_STATUSES)),
    Column("settled_amount", "money", "what TikTok paid out"),
    Column("settled_currency", "text", "the currency of the payout"),
    Column("settled_at", "time", "the last settlement date"),
)

_OF_ORDERS = {column.name: column for column in MATCH_ORDERS}

COMMENTS: tuple[Column, ...] = (
    *(_OF_ORDERS[name] for name in ("order_id", "shopify_id", "shopify_name")),
    *MATCH_COMMENTS,
)
"""One row per order: the TikTok order, or else a Shopify order that names none."""

CUT_OFF: tuple[Column, ...] = (
    *(_OF_ORDERS[name] for name in ("order_id", "shopify_id", "shopify_name")),
    *(_OF_ORDERS[name] for name in ("tiktok_created_at", "shopify_created_at")),
    *(_OF_ORDERS[name] for name in ("tiktok_amount", "shopify_total", "currency")),
    Column("reported", "flag", "whether it is in this period's report, by its date on TikTok"),
)
"""The pairs of which one order was created in the period, and the other was not."""

MATCH_REASONS: dict[str, str] = {
    "fulfilled_by_tiktok": "TikTok's own warehouse sends it, and connectors may leave such orders out",
    "sample": "a free sample, and connectors may leave samples out",
    "on_hold": "unpaid or on hold, or so new that it may still come to Shopify",
    "sku_not_on_shopify": "none of its SKUs is on any Shopify order, so the product may not be linked",
    "sync_gap": "in a stretch of time in which no TikTok order came to Shopify",
    "before_first_order": "older than the first TikTok order that came to Shopify",
    "not_in_export": "the other order is named, but it is not in the files",
    "outside_dates": "it was created before or after the other side's file begins or ends",
    "unlinked": "the shop answered: there is no Shopify order",
    "no_mark": "no look-up was given and no Shopify order names it",
    "no_order_id": "a Shopify order that came from TikTok Shop but names no TikTok order",
    "ambiguous_reference": "the look-up names it by a number or name that fits several Shopify orders",
    "not_asked": "the look-up does not include it",
    "cancelled_before_payment": "cancelled on TikTok before it was paid",
    "cancelled_on_tiktok": "cancelled on TikTok alone",
    "cancelled_on_shopify": "cancelled on Shopify alone",
    "refunded_on_tiktok": "refunded on TikTok alone, in full or in part",
    "refunded_on_shopify": "refunded on Shopify alone, in full or in part",
    "refund_differs": "the refunded amounts differ by more than the tolerance",
    "voided_on_shopify": "voided on Shopify alone",
    "unpaid_on_shopify": "paid on TikTok, but pending, authorized or expired on Shopify",
    "unpaid_on_tiktok": "paid on Shopify, but not on TikTok",
    "currency": "the two currencies differ, so the amounts cannot be compared",
    "ambiguous_explanation": "several sets of components add up to the difference; see evidence",
    "free_sample": "one side of the pair or both are 0",
    "no_amount": "one side or both have no amount, so the amounts were not compared",
    "month_end": "created in one calendar month on TikTok and in another on Shopify, by zone or delay",
    "several_candidates": "several orders have this amount at about that time, so none was guessed",
}

MATCH_ADVICE: dict[str, str] = {
    "amount_differs": "Compare the two orders line by line; the difference is in no column of the exports.",
    "state_differs": "Bring the order into the same state on both sides.",
    "duplicate": "Keep one of the Shopify orders and cancel the others; look for a second connector.",
    "conflict": "Open every order involved and correct the tag or note that names the wrong order.",
    "only_tiktok": "Open the order in the connector and create it on Shopify if it is missing there.",
    "only_shopify": "Export the TikTok orders of that day, too.",
    "probable": "Open both orders; tag the Shopify order with the TikTok order id if they are one.",
    "unknown": "Look these orders up again.",
    "fulfilled_by_tiktok": "Nothing to do if your connector leaves them out; else turn their sync on.",
    "sample": "Nothing to do if your connector leaves samples out; else turn their sync on.",
    "on_hold": "Wait until the order is paid and released, and reconcile again.",
    "sku_not_on_shopify": "Link the product in the connector, or correct the SKU, and sync again.",
    "sync_gap": "Ask the connector's support about this stretch of time, and sync its orders again.",
    "before_first_order": "Import older orders in the connector, or book these by hand.",
    "not_in_export": "Export more days of the side that lacks it; it may also have been deleted there.",
    "outside_dates": "Export the Shopify and TikTok orders of the same days, and a few days around them.",
    "unlinked": "Open the order in the connector: it was not sent to Shopify, or not linked.",
    "no_mark": "Look the orders up; the Shopify orders do not name this one.",
    "no_order_id": "Look the TikTok orders up, or tag this Shopify order with its TikTok order id.",
    "ambiguous_reference": "Rename one of the Shopify orders of this name, or look at both.",
    "not_asked": "Look this order up as well.",
    "cancelled_on_tiktok": "If it is on Shopify, cancel it there, and see that nothing is shipped.",
    "cancelled_on_shopify": "Find out why it was cancelled; on TikTok it is still open and must be shipped.",
    "refunded_on_tiktok": "Book the refund on Shopify, too; connectors often send none.",
    "refunded_on_shopify": "Check that the buyer was refunded on TikTok: Shopify alone has booked it.",
    "voided_on_shopify": "Find out why the payment was voided; on TikTok the order is paid.",
    "cancelled_before_payment": "Cancel the order on Shopify; it was never paid.",
    "currency": "Compare the amounts by hand, or export both sides in one currency.",
    "ambiguous_explanation": "Decide which of the sets in the evidence is the cause.",
    "free_sample": "See on which side the order should be free.",
    "month_end": "Export a day more on both sides of the month's end.",
    "not_this_shop": "Look these orders up with the credentials of the shop that sold them.",
    "digits_lost": "Export the file again and do not open it in a spreadsheet.",
}
"""What to do, by the reason, or else by the status of a row that needs review."""

EXCEPTIONS: tuple[Column, ...] = (
    _OF_ORDERS["status"],
    _OF_ORDERS["reason"],
    Column("currency", "text", "the currency; missing if unknown"),
    Column("rows", "count", "how many rows need review for it"),
    Column("difference", "money", "shopify_total − tiktok_amount over those that can be compared"),
    Column("days_0_7", "count", "rows of orders up to 7 days older than the newest order of the files"),
    Column("days_8_30", "count", "rows of orders up to 30 days older"),
    Column("days_31_60", "count", "rows of orders up to 60 days older"),
    Column("days_over_60", "count", "rows of orders still older"),
    Column("advice", "text", "what to do"),
)
"""What needs review, by cause: risks first, then the largest differences."""

_TOTALS: tuple[Column, ...] = (
    Column("currency", "text", "the currency; missing if unknown"),
    Column("rows", "count", "how many rows"),
    Column("tiktok_counted", "money", "the total of the TikTok orders; missing if no amount is known"),
    Column("shopify_counted", "money", "the total of the Shopify orders; likewise"),
    Column("difference_counted", "money", "Shopify less TikTok, over the rows that can be compared"),
    Column("not_compared", "count", "how many rows cannot be compared, as an amount is not known"),
)

TOTALS_BY: dict[str, tuple[Column, ...]] = {
    "day": (
        Column("day", "time", "when it was created on TikTok, or else on Shopify; missing if unknown"),
        *_TOTALS,
    ),
    "reason": (Column("reason", "text", "the cause; missing for rows without one"), *_TOTALS),
    "payout": (
        Column("payout", "time", "the day of the settlement; missing if unknown"),
        Column("currency", "text", "the currency of the payout; missing if unknown"),
        Column("rows", "count", "how many orders of the report were paid out"),
        Column("settled_counted", "money", "what was paid out for them"),
        Column("other_rows", "count", "how many other orders, and rows that name no order"),
        Column("settled_other", "money", "what was paid out for these"),
        Column("settled_total", "money", "all of the payout"),
    ),
}
"""What `Match.totals` gives, by what it adds up by."""

AMOUNT_COMPONENTS: dict[str, str] = {
    "platform_discount": "Shopify's total includes what TikTok paid towards the lines' prices",
    "shipping_platform_discount": "Shopify's total includes what TikTok paid towards the shipping fee",
    "payment_platform_discount": "Shopify's total includes what TikTok paid towards the payment",
    "seller_discount": "the seller's discount stands on one side only",
    "shipping_fee": "the shipping fee stands on one side only",
    "taxes": "the taxes stand on one side only",
    "other_fees": "Shopify's total is without the buyer's other fees on TikTok",
}
"""What an amount is made of, with what it means where it explains a difference."""

COMPONENTS: dict[str, str] = {
    **AMOUNT_COMPONENTS,
    "settlement": "Shopify's total is what TikTok paid out",
}
"""What can explain a difference, with what it then means: the reason of `explained`, joined by ` + `."""

BRIDGE_LINES: dict[str, str] = {
    "tiktok_total": "total of the TikTok orders",
    "only_tiktok": "orders only on TikTok",
    "unknown": "orders on TikTok without an answer from the look-up",
    "only_shopify": "orders only on Shopify",
    **COMPONENTS,
    "state_differs": "orders cancelled, refunded or voided on one side only",
    "duplicate": "further Shopify orders of one TikTok order",
    "conflict": "orders in a conflict",
    "probable": "pairs that are only probable",
    "other_currency": "pairs in two currencies",
    "no_amount": "pairs with an amount on one side only",
    "amount_differs": "differences that stay open",
    "within_tolerance": "differences within the tolerance",
    "shopify_total": "total of the Shopify orders",
}
"""How TikTok's total becomes Shopify's, line by line."""

BRIDGE: tuple[Column, ...] = (
    Column("currency", "text", "the currency; missing if unknown"),
    Column("line", "category", "what changes the total", tuple(BRIDGE_LINES)),
    Column("rows", "count", "how many rows the line adds up; those that add nothing are left out"),
    Column("amount", "money", "what the line adds to TikTok's total, or the total itself"),
)

TIE_OUT_LINES: dict[str, str] = {
    "in_files": "all rows of the files",
    "column_names": "rows of column names or descriptions",
    "totals": "rows of totals",
    "no_order_id": "rows without a whole order id",
    "further_lines": "further lines of an order, which repeat its amount",
    "added_lines": "further rows of an order, whose amounts are added to it",
    "in_later_file": "orders that a later file holds as well",
    "given": "orders of a table without files",
    "assumed_currency": "orders without a currency, taken to be in that of their pairs",
    "no_link": "orders without a link to TikTok",
    "outside_period": "orders created outside the period",
    "cancelled_or_refunded": "orders cancelled, voided or refunded in full",
    "without_amount": "orders without an amount",
    "only_settlement": "orders that are not among the TikTok orders",
    "adjustment": "rows that name no order",
    "unaccounted": "not accounted for",
    "report_total": "total of this report",
}
"""From what the files hold to the total of the report, line by line."""

TIE_OUT: tuple[Column, ...] = (
    Column("side", "text", "`TikTok`, `Shopify` or `Settlement`"),
    Column("currency", "text", "the currency; missing if unknown"),
    Column("line", "category", "what is left out, or a total", tuple(TIE_OUT_LINES)),
    Column("rows", "count", "how many rows of the files, or orders; below 0 where they are left out"),
    Column("amount", "money", "their amounts, likewise"),
)

SOURCES: tuple[Column, ...] = (
    Column("input", "text", "what was read from it: `TikTok`, `Shopify`, `look-up` or `settlement`"),
    Column("file", "text", "the name of the file"),
    Column("sha256", "text", "the SHA-256 of its bytes: another file, or a changed one, has another"),
    Column("oldest", "text", "when its oldest order was created, or settled, as the file tells it"),
    Column("newest", "text", "likewise its newest one"),
)
"""The files that a report was made from."""

MATCH_CHANGES: dict[str, str] = {
    "newly_linked": "it had no Shopify order beside it, or a guessed one, and has one now",
    "changed": "its status, Shopify orders, amounts or reason are not what they were",
    "gone": "only the earlier result holds it",
    "new": "only the later result holds it",
}

MATCH_COMPARED: tuple[Column, ...] = (
    Column("order_id", "text", "the TikTok Shop order id; missing for a Shopify order that names none"),
    Column("change", "category", "what happened to it", tuple(MATCH_CHANGES)),
    Column("status_before", "text", "its status in the earlier result"),
    Column("status_after", "text", "its status in the later result"),
    Column("shopify_before", "text", "its Shopify ids, or names, joined by `; `"),
    Column("shopify_after", "text", "the same in the later result"),
    Column("tiktok_amount_before", "money", "the amount on TikTok"),
    Column("tiktok_amount_after", "money", "the same in the later result"),
    Column("shopify_total_before", "money", "the total of its Shopify orders"),
    Column("shopify_total_after", "money", "the same in the later result"),
    Column("reason_before", "text", "the cause in the earlier result"),
    Column("reason_after", "text", "the cause in the later result"),
)


def dtype(column: Column) -> Any:  # noqa: ANN401
    """Return the pandas dtype of a column, for the pandas that is installed."""
    if column.type == "category":
        return pd.CategoricalDtype(list(column.categories))
    return _DTYPES[column.type]


def names(columns: Sequence[Column]) -> list[str]:
    """Return the names of columns, in order."""
    return [column.name for column in columns]


def conform(
    data: Mapping[str, Any], columns: Sequence[Column], *, index: pd.Index | None = None
) -> pd.DataFrame:
    """Make the frame of `columns` from values by column name; more are dropped, a Series is on `index`."""
    # Not copied into blocks: a million rows of thirty columns would take a fifth of the time of `match`.
    return pd.DataFrame(
        {column.name: _cast(data[column.name], column, index) for column in columns}, copy=False
    )


def empty(columns: Sequence[Column]) -> pd.DataFrame:
    """Return a frame of `columns` without rows."""
    return conform({column.name: [] for column in columns}, columns)


def _cast(values: Any, column: Column, index: pd.Index | None) -> Any:  # noqa: ANN401
    if (
        isinstance(values, pd.Series)
        and isinstance(values.dtype, pd.DatetimeTZDtype)
        and column.type == "time"
    ):
        return values.astype(UTC_DTYPE)
    series = pd.Series(
        values, index=index, dtype=None if isinstance(values, pd.Series) else _raw_dtype(column)
    )
    if column.type == "text":
        if isinstance(series.dtype, pd.StringDtype) and series.dtype == TEXT_DTYPE:
            return series
        series = series.astype("object")
        return series.where(series.notna(), np.nan).astype(TEXT_DTYPE)
    if column.type == "utc":
        return pd.to_datetime(series, utc=True).astype(UTC_DTYPE)
    return series.astype(dtype(column))


def _raw_dtype(column: Column) -> Any:  # noqa: ANN401
    return {"money": "float64", "text": "object", "flag": "bool"}.get(column.type)

"""Names of columns: compared without case, blanks and underscores; found, or named with the nearest."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ttsframe.errors import InputError
from ttsframe.ids import ORDER_ID_NAMES, normalize_column

if TYPE_CHECKING:
    from collections.abc import Sequence

Fields = dict[str, tuple[str, ...]]

TIKTOK_FIELDS: Fields = {
    "order_id": ORDER_ID_NAMES[1:],  # its first, order_id, is compared as Order ID
    "status": ("Order Status", "Current order status."),
    "substatus": ("Order Substatus",),
    "created_at": ("Created Time", "Order created time.", "Create Time", "Order Created Time"),
    "paid_at": ("Paid Time", "Order paid time."),
    "cancelled_at": ("Cancelled Time", "Canceled Time", "Order cancelled time.", "Order canceled time."),
    "currency": ("Currency",),
    "amount": ("Order Amount", "Order total amount paid by the buyer."),
    "refunded": ("Order Refund Amount",),
    "quantity": ("Quantity", "SKU sold quantity in the order."),
    "platform_discount": ("SKU Platform Discount", "Total platform discount in this SKU ID."),
    "seller_discount": ("SKU Seller Discount", "Total seller discount in this SKU ID."),
    "shipping_platform_discount": ("Shipping Fee Platform Discount",),
    "shipping_cofunded_discount": ("Co-Funded Shipping Fee Discount",),
    "payment_platform_discount": ("Payment platform discount",),
    "shipping_fee": ("Shipping Fee After Discount",),
    "taxes": ("Taxes",),
    "retail_delivery_fee": ("Retail Delivery Fee",),
    "buyer_service_fee": ("Buyer Service Fee",),
    "handling_fee": ("Handling Fee",),
    "shipping_insurance": ("Shipping Insurance",),
    "item_insurance": ("Item Insurance",),
    "fulfillment": ("Fulfillment Type",),
    "sku": ("Seller SKU", "Seller sku input by the seller in the product system."),
}

SHOPIFY_FIELDS: Fields = {
    "shopify_id": ("Id",),
    "name": ("Name", "Order Name"),
    "created_at": ("Created at",),
    "cancelled_at": ("Cancelled at", "Canceled at"),
    "currency": ("Currency",),
    "total": ("Total",),
    "refunded": ("Refunded Amount",),
    "taxes": ("Taxes",),
    "shipping": ("Shipping",),
    "discount": ("Discount Amount",),
    "financial_status": ("Financial Status",),
    "fulfillment_status": ("Fulfillment Status",),
    "source": ("Source",),
    "tags": ("Tags",),
    "note": ("Notes", "Note"),
    "note_attribute": ("Note Attributes",),
    "source_identifier": ("Source Identifier",),
    "email": ("Email",),
    "sku": ("Lineitem sku",),
}

SETTLEMENT_FIELDS: Fields = {
    "order_id": (
        "Order/adjustment ID",
        "ID Pesanan/Penyesuaian",
        "ID do pedido/ajuste",
        "ID đơn hàng/điều chỉnh",
        "ID del pedido/ajuste",
        "ID de pedido/ajuste",
        "订单/调整 ID",
        "Order ID",
    ),
    "related_id": (
        "Related order ID",
        "ID pesanan terkait",
        "ID do pedido relacionado",
        "ID đơn hàng liên quan",
        "ID del pedido relacionado",
    ),
    "type": (
        "Type",
        "Transaction type",
        "Jenis transaksi",
        "Tipo de transação",
        "Loại giao dịch",
        "Tipo de transacción",
    ),
    "currency": ("Currency", "Mata uang", "Moeda", "Đơn vị tiền tệ", "Moneda"),
    "settled_amount": (
        "Total settlement amount",
        "Settlement amount",
        "Jumlah penyelesaian pembayaran",
        "Valor total a ser liquidado",
        "Tổng số tiền quyết toán",
        "Importe total de la liquidación",
    ),
    "estimated_amount": (
        "Total estimated settlement amount",
        "Estimated settlement amount",
        "Valor estimado a ser liquidado",
        "Số tiền quyết toán ước tính",
    ),
    "settled_at": (
        "Order settled time",
        "Waktu pembayaran pesanan",
        "Waktu penyelesaian pesanan",
        "Data do demonstrativo",
        "Thời gian quyết toán đơn hàng",
        "Settled time",
        "Statement date",
    ),
}

# Below this a guess is likelier wrong than right: `Order Date` is like `Order ID` by 0.75.
_LIKENESS = 0.8
_LONGEST = 40


def locate(header: Sequence[str], fields: Fields) -> dict[str, int]:
    """Find the columns of a file by our names; the first of two columns of one name."""
    places: dict[str, int] = {}
    for position, name in enumerate(header):
        places.setdefault(normalize_column(name), position)
    found = {}
    for field, names in fields.items():
        there = [places[name] for name in map(normalize_column, names) if name in places]
        if there:
            found[field] = there[0]
    return found


def own_names(columns: Any, fields: Fields) -> dict[str, list[str]]:  # noqa: ANN401
    """Read `columns=` of the readers: our field → the names that the caller's files have for it."""
    if not isinstance(columns, Mapping) or not all(
        isinstance(name, str) for name in (*columns, *columns.values())
    ):
        raise InputError(
            "must be a dict from the file's own header to the known one, such as "
            "{'Order number': 'Order ID'}.",
            parameter="columns",
        )
    known = {normalize_column(name): field for field, names in fields.items() for name in names}
    own: dict[str, list[str]] = {}
    for name, target in columns.items():
        compared = normalize_column(target)
        if compared not in known:
            usual = sorted(
                (names[0] for names in fields.values()),
                key=lambda one: -likeness(normalize_column(one), compared),
            )
            raise InputError(
                f"{target!r}, meant for the file's {name!r}, is not a header that is read here. "
                f"There are: {', '.join(usual)}.",
                parameter="columns",
            )
        own.setdefault(known[compared], []).append(name)
    return own


def listed(header: Sequence[str], at_most: int = 12) -> str:
    """Return column names for a message: the first of them, and how many more there are."""
    shown = [shortened(column.strip()) or "(blank)" for column in header]
    more = f" and {len(shown) - at_most} more" if len(shown) > at_most else ""
    return ", ".join(shown[:at_most]) + more or "none"


def likeness(one: str, other: str) -> float:
    """Return how alike two texts are, from 0 to 1."""
    return difflib.SequenceMatcher(None, one, other).ratio()


def nearest(names: Sequence[str], header: Sequence[str]) -> str | None:
    """Return the column of `header` that looks most like one of `names`, if any does."""
    by_name = {normalize_column(column): column for column in reversed(header)}
    best: tuple[float, str] | None = None
    for name in names:
        for match in difflib.get_close_matches(normalize_column(name), by_name, n=1, cutoff=_LIKENESS):
            score = likeness(normalize_column(name), match)
            if best is None or score > best[0]:
                best = (score, by_name[match])
    return best[1].strip() if best else None


def hint(names: Sequence[str], header: Sequence[str]) -> str:
    """Name in brackets the column of `header` that looks most like one of `names`; blank if none does."""
    near = nearest(names, header)
    return f" (the nearest is {shortened(near)!r})" if near else ""


def shortened(text: str) -> str:
    """Return a text of at most 40 characters on one line."""
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= _LONGEST else one_line[: _LONGEST - 1] + "…"

"""A table of orders out of a seed, as real ones look."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ttsframe.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

ID_FORMS = ("numeric", "gid", "gid_query", "name", "prefixed_name")
_FIRST_ID = 576_461_413_038_785_752
_ID_RANGE = 12_000_000_000_000_000
_OTHER_PLATFORMS = ("AMAZON", "WOOCOMMERCE", "ERP_SYSTEM", "MAGENTO")
_Row = tuple[str, str, str, str, str, str]


@dataclass(frozen=True, kw_only=True)
class Generated:
    """How to make a table; the same values always make the same."""

    count: int = 1000
    """How many orders, all kinds together."""
    seed: int = 0
    """Another seed makes other orders."""
    linked_share: float = 0.75
    """The share of orders with a reference on SHOPIFY."""
    denied_share: float = 0.02
    """The share that is another shop's."""
    refused_share: float = 0.0
    """The share that the gateway does not take for order ids."""
    second_share: float = 0.03
    """The share of the linked with a second reference on SHOPIFY."""
    other_share: float = 0.05
    """The share, of linked and unlinked, with a reference on another platform."""
    id_forms: tuple[str, ...] = ID_FORMS
    """How Shopify ids are written, each as likely."""

    def __post_init__(self) -> None:
        shares = (self.linked_share, self.denied_share, self.refused_share)
        if self.count < 1 or min(shares) < 0 or sum(shares) > 1:
            raise InputError(
                "a generated table needs at least one order, and shares of linked, denied and refused "
                "orders that are not below 0 and together at most 1."
            )
        if wrong := [form for form in self.id_forms if form not in ID_FORMS]:
            raise InputError(
                f"there is no form {wrong[0]!r} of a Shopify id; there are: {', '.join(ID_FORMS)}."
            )


def generate_rows(plan: Generated) -> Iterator[_Row]:
    """Make the rows of a table."""
    rng = random.Random(f"ttsframe orders {plan.seed}")  # noqa: S311 - made-up orders
    kinds = _kinds(plan, rng)
    gap = _ID_RANGE // plan.count
    shopify_id, number = 5_276_000_000_000, 1000
    for index, kind in enumerate(kinds):
        order_id = str(_FIRST_ID + index * gap + rng.randrange(max(1, gap // 2)))
        if kind in ("denied", "refused"):
            yield order_id, "", "", "", "", kind
            continue
        references = []
        for _ in range(kind == "linked" and 1 + (rng.random() < plan.second_share)):
            shopify_id += rng.randrange(1_000, 10_000_000)
            number += 1
            form = rng.choice(plan.id_forms)
            references.append(("SHOPIFY", _external_id(shopify_id, number, form)))
        if rng.random() < plan.other_share:
            other = rng.choice(_OTHER_PLATFORMS)
            references.append((other, f"{other[:3]}-{order_id[3:]}"))
        yield from _order(order_id, references, rng)


def _kinds(plan: Generated, rng: random.Random) -> list[str]:
    """Shuffle all but the first order, so that a share is a share and the first is an example."""
    linked, denied, refused = (
        round(plan.count * share) for share in (plan.linked_share, plan.denied_share, plan.refused_share)
    )
    # Rounding up several shares of a small table may exceed it.
    kinds = (["linked"] * linked + ["denied"] * denied + ["refused"] * refused)[: plan.count]
    kinds += ["unlinked"] * (plan.count - len(kinds))
    rest = kinds[1:]
    rng.shuffle(rest)
    return [kinds[0], *rest]


def _external_id(shopify_id: int, number: int, form: str) -> str:
    if form == "numeric":
        return str(shopify_id)
    if form.startswith("gid"):
        return f"gid://shopify/Order/{shopify_id}" + ("?source=tiktok" if form == "gid_query" else "")
    return f"#{number}" if form == "name" else f"#AP-{number}"


def _order(order_id: str, references: list[tuple[str, str]], rng: random.Random) -> Iterator[_Row]:
    if not references:
        yield order_id, "", "", "", "", ""
    for index, (platform, external_order_id) in enumerate(references):
        lines = rng.choice((0, 1, 1, 1, 2))
        if not lines:
            yield order_id, platform, external_order_id, "", "", ""
        for line in range(lines):
            line_id = str(13_000_000_000_000 + int(order_id) % 10**9 * 100 + index * 10 + line)
            yield order_id, platform, external_order_id, line_id, str(int(order_id) + line + 1), ""

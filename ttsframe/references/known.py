"""The orders that Shopify's own orders name already: a look-up asks only a sample of them."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from ttsframe import ids
from ttsframe.columns import TEXT_DTYPE, TIKTOK_ORDER_ID_SOURCES
from ttsframe.errors import InputError, SuspiciousInputWarning
from ttsframe.marks import mentions
from ttsframe.references.arguments import share, to_pandas

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ttsframe.gateway.outcomes import Outcome
    from ttsframe.references.frame import LookupKeys

_LEAST_ASKED = 50
_MOST_WRONG = 0.01
_PLATFORM = "SHOPIFY"


class KnownOrders(NamedTuple):
    """Each key that exactly one Shopify order names, which names no other TikTok order."""

    indices: NDArray[np.int64]
    """The positions of the keys."""
    sampled: NDArray[np.bool_]
    """Which of them are asked all the same."""
    shopify_ids: pd.Series
    """The id of the Shopify order that names each; missing where unknown."""
    shopify_names: pd.Series
    """Its name, as names are compared."""

    @property
    def unasked(self) -> NDArray[np.int64]:
        """The positions of those that are not asked."""
        return self.indices[~self.sampled]

    def unless_contradicted(self, outcomes: Sequence[Outcome | None]) -> KnownOrders:
        """Return them as they are; where the sample shows that marks are wrong, warn and return none."""
        asked = np.flatnonzero(self.sampled).tolist()
        wrong = self._contradictions({place: outcomes[self.indices[place]] for place in asked})
        if wrong <= _MOST_WRONG * len(asked):
            return self
        warnings.warn(
            f"{wrong:,} of {len(asked):,} sampled orders are linked to another Shopify order than the one "
            "that names them, so what the Shopify orders name cannot be relied on: every order is asked.",
            SuspiciousInputWarning,
            stacklevel=3,  # at the line that calls `lookup` or `plan`
        )
        return NONE_KNOWN

    def _contradictions(self, outcomes: dict[int, Outcome | None]) -> int:
        """Count the answers that name another Shopify order.

        An answer without a reference names none: many shops have no references at all. Nor can an id be
        compared where the Shopify order's own is unknown, or a name.
        """
        named = [
            (place, reference.external_order_id)
            for place, outcome in outcomes.items()
            for reference in (outcome.references if outcome else ())
        ]
        if not named:
            return 0
        places, given = zip(*named, strict=True)
        external = ids.normalize_external_id(pd.Series(given, dtype="object").astype(TEXT_DTYPE))
        own_ids, own_names = (
            column.iloc[list(places)].reset_index(drop=True)
            for column in (self.shopify_ids, self.shopify_names)
        )
        is_id = ids.only_digits(external) & external.str.len().ge(ids.LEAST_DIGITS_OF_SHOPIFY_ID)
        known = np.where(is_id, own_ids.notna(), own_names.notna())
        same = external.eq(own_ids) | ids.normalize_order_name(external).eq(own_names)
        by_order = pd.DataFrame({"known": known, "same": same}).groupby(list(places)).any()
        return int((by_order["known"] & ~by_order["same"]).sum())


NONE_KNOWN = KnownOrders(
    np.array([], dtype=np.int64),
    np.array([], dtype=bool),
    pd.Series([], dtype=TEXT_DTYPE),
    pd.Series([], dtype=TEXT_DTYPE),
)


def find_known(keys: LookupKeys, shopify: Any, *, verify: float) -> KnownOrders:  # noqa: ANN401
    """Find the keys that Shopify orders name, and choose the share `verify` of them to be asked."""
    verify = share(verify)
    if shopify is None:
        return NONE_KNOWN
    shopify = to_pandas(shopify, parameter="known")
    if not isinstance(shopify, pd.DataFrame) or "tiktok_order_id" not in shopify:
        raise InputError(
            "must be the Shopify orders, as tts.read_shopify_orders() gives them: a DataFrame with a column "
            "tiktok_order_id.",
            parameter="known",
        )
    if not shopify.columns.is_unique:
        raise InputError("two columns have the same name; rename or drop one of them.", parameter="known")
    shopify = shopify.reset_index(drop=True)
    marks = mentions(shopify)
    # Nothing proves that the source identifier is TikTok's: alone it makes no order known.
    sure = marks.places != TIKTOK_ORDER_ID_SOURCES.index("source_identifier")
    pairs = pd.DataFrame({"order_id": marks.ids.array, "row": marks.rows, "sure": sure})
    pairs = pairs.groupby(["order_id", "row"], as_index=False, sort=False).agg({"sure": "any"})
    several = pairs.duplicated("order_id", keep=False) | pairs.duplicated("row", keep=False)
    asked = pd.DataFrame({"order_id": pd.Series(keys.order_ids, dtype="object").astype(TEXT_DTYPE)})
    asked = asked.rename_axis("index").reset_index()[keys.platforms == _PLATFORM]
    found = asked.merge(pairs[~several & pairs["sure"]], on="order_id", validate="one_to_one")
    count = len(found)
    # By a hash of the id, and not at random: the next run asks the same ones, and finds them cached.
    order = np.argsort(pd.util.hash_array(ids.objects(found["order_id"]), categorize=False), kind="stable")
    sampled = np.zeros(count, dtype=bool)
    sampled[order[: max(_LEAST_ASKED, math.ceil(verify * count)) if verify else 0]] = True
    return KnownOrders(
        found["index"].to_numpy(dtype=np.int64),
        sampled,
        ids.normalize_external_id(_taken(shopify, "shopify_id", found["row"])),
        ids.normalize_order_name(ids.as_text(_taken(shopify, "name", found["row"]))),
    )


def _taken(shopify: pd.DataFrame, name: str, rows: pd.Series) -> pd.Series:
    """Take a column by row; missing where the frame does not have it."""
    column: pd.Series = shopify.get(name, pd.Series(np.nan, index=shopify.index, dtype="object"))
    return column.iloc[rows.to_numpy()].reset_index(drop=True)

"""The colours and labels of statuses: one table for workbook, page, chart and notebook.

The hues are those of Okabe and Ito (2008), which people with any colour vision can tell apart;
calm statuses are grey or green; the stronger a colour, the more urgent the review.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

LIGHT_PAGE = "#ffffff"
DARK_PAGE = "#171a21"

_HUES: dict[str, str] = {
    "matched": "#1a9e78",
    "explained": "#7fc8a9",
    "amount_differs": "#e69f00",
    "state_differs": "#b5a512",
    "duplicate": "#c66a9b",
    "conflict": "#d5502a",
    "only_tiktok": "#2f6fb5",
    "only_shopify": "#56b4e9",
    "not_expected": "#a3abb5",
    "unknown": "#6f6a86",
    "probable": "#8a6d3b",
    "linked": "#1a9e78",
    "unlinked": "#e69f00",
    "denied": "#c66a9b",
    "invalid": "#d5502a",
    "failed": "#6f6a86",
    "skipped": "#a3abb5",
}
KNOWN = tuple(_HUES)
"""Every status of a match or a look-up."""

_PROPER = {"tiktok": "TikTok", "shopify": "Shopify", "id": "ID", "http": "HTTP", "utc": "UTC", "skus": "SKUs"}


class Colours(NamedTuple):
    """The colours of one status, as `#rrggbb`."""

    solid: str
    """Bars, dots and tiles, on light and dark ground."""
    light_fill: str
    light_text: str
    dark_fill: str
    dark_text: str


def colours(statuses: Iterable[str]) -> dict[str, Colours]:
    """Give every status its colours."""
    return {status: _shades(_HUES[status]) for status in statuses}


def label(name: str) -> str:
    """Return the words for a status or column name: `only_tiktok` → `Only TikTok`."""
    words = [_PROPER.get(word, word) for word in name.split("_")]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def _shades(solid: str) -> Colours:
    """Pale ground and dark text of one hue, and the reverse for a dark page."""
    return Colours(
        solid,
        light_fill=_mix(solid, LIGHT_PAGE, 0.14),
        light_text=_mix(solid, "#101418", 0.42),
        dark_fill=_mix(solid, DARK_PAGE, 0.26),
        dark_text=_mix(solid, "#ffffff", 0.45),
    )


def _mix(colour: str, other: str, share: float) -> str:
    """Mix two colours; `share` is the first one's part."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)

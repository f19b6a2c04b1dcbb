"""The colours and labels of statuses."""

import pytest

from ttsframe.columns import MATCH_GUESSED, MATCH_STATUSES, STATUSES
from ttsframe.report import palette


def luminance(colour):
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("status", [*MATCH_STATUSES, *MATCH_GUESSED, *STATUSES])
def test_palette__text_is_readable_in_both_themes(status):
    colours = palette.colours([status])[status]
    assert contrast(colours.light_text, colours.light_fill) >= 4.5
    assert contrast(colours.dark_text, colours.dark_fill) >= 4.5


def test_palette__knows_every_status_by_a_colour_of_its_own():
    for statuses in ({**MATCH_STATUSES, **MATCH_GUESSED}, STATUSES):
        assert set(statuses) <= set(palette.KNOWN)
        assert len({shade.solid for shade in palette.colours(statuses).values()}) == len(statuses)


def test_palette__labels_read_well():
    assert palette.label("only_tiktok") == "Only TikTok"
    assert palette.label("shopify_id") == "Shopify ID"

"""The decimals of currencies."""

import pytest

from ttsframe.money import decimals


@pytest.mark.parametrize(
    ("currency", "count"), [("USD", 2), ("JPY", 0), ("KWD", 3), ("clf ", 4), ("", 2), ("XYZ", 2)]
)
def test_decimals__are_those_of_iso_4217(currency, count):
    assert decimals(currency) == count

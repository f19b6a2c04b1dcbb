"""The summary in the terminal."""

from dataclasses import replace

import pytest
from support.report_sample import bridged_report, open_bridge, sample_report, small_report

from ttsframe.columns import MATCH_STATUSES
from ttsframe.report import text_summary
from ttsframe.text import Note


@pytest.fixture(scope="module")
def report():
    return sample_report(300)


def test_text_summary__names_every_status_and_total(report):
    text = text_summary(report, encoding="utf-8")
    assert "█" in text
    assert all(status in text for status in MATCH_STATUSES)
    assert f"{report.orders['tiktok_amount'].sum():,.2f}" in text
    assert all(len(line) <= 100 for line in text.splitlines())


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "nonsense-8"])
def test_text_summary__falls_back_to_what_the_terminal_can(report, encoding):
    text = text_summary(replace(report, title="é ✓"), encoding=encoding)
    assert "#####" in text
    assert "█" not in text


def test_text_summary__control_signs_do_not_reach_the_terminal(report):
    text = text_summary(replace(report, title="a\x1b[31mb", notes=(Note("count", "c\x07d"),)))
    assert "\x1b" not in text
    assert "\x07" not in text


def test_text_summary__folds_no_warning_and_never_one_note_alone():
    counting = [Note("count", f"file {number}: 1 row, 1 order.") for number in range(6)]
    warnings = [Note("warning", f"Warning {number}.") for number in range(7)]
    guess, left = Note("decision", "A guess."), Note("left_out", "Left out.")
    ordered = replace(small_report(status=["matched"]), notes=(counting[0], guess, left, warnings[0]))
    lines = text_summary(ordered).splitlines()[-4:]
    assert lines == ["* Warning 0.", "* Left out.", "* A guess.", f"* {counting[0].text}"]
    made = replace(small_report(status=["matched"]), notes=tuple(counting))
    assert [note.text in text_summary(made) for note in counting] == [True] * 6
    text = text_summary(replace(made, notes=(*counting, *warnings)))
    assert [note.text in text for note in warnings] == [True] * 7
    assert "and 6 more counts of what was read, in the report" in text
    text = text_summary(replace(made, notes=(*counting, *warnings[:2])))
    assert text.index(warnings[0].text) < text.index(counting[0].text)
    assert "and 3 more counts of what was read, in the report" in text


def test_text_summary__shows_the_bridge_of_every_currency():
    text = text_summary(bridged_report(), encoding="ascii")
    lines = [line.split() for line in text.splitlines()]
    for told in (
        "bridge JPY rows amount",
        "Orders only on TikTok 1 -1,200",
        "Total of the Shopify orders 2 1,800",
        "Differences within the tolerance 1 0.001",
        "Shopify's total includes what TikTok paid towards the lines' prices 11 55.00",
    ):
        assert told.split() in lines
    assert all(len(line) <= 100 for line in text.splitlines())
    assert text.index("bridge USD") < text.index("bridge JPY") < text.index("bridge KWD")
    assert "The bridge closes: the lines add up to 31.75, the difference between the two totals." in text
    assert "The bridge closes: the lines add up to 0.001, the difference between the two totals." in text
    assert "1 row is explained" in text


@pytest.mark.parametrize(("gap", "difference"), [("0.01", "31.76"), ("-0.01", "31.74")])
def test_text_summary__says_by_how_much_a_bridge_does_not_close(gap, difference):
    told = f"the lines add up to 31.75, but the totals differ by {difference}; {gap} is unaccounted for."
    assert f"The bridge does not close: {told}" in text_summary(open_bridge(float(gap)))


def test_text_summary__without_a_bridge_does_not_speak_of_it(report):
    assert "bridge" not in text_summary(report)

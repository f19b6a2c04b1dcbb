"""What is said while a look-up runs: to a person who watches, else to the log."""

from __future__ import annotations

import logging

import pytest

from ttsframe.references.progress import LOGGER, Estimate, Progress, duration

LONG = Estimate(600.0, "8 requests a second at first")
SHORT = Estimate(60.0, "8 requests a second at first")


def run_of(estimate, *, shown):
    with Progress(2, estimate, shown=shown, rate_per_second=lambda: 8.0) as progress:
        progress.count("linked")
        progress.count("failed")


@pytest.mark.parametrize("shown", [None, False])
@pytest.mark.parametrize("estimate", [LONG, SHORT])
def test_progress__writes_nothing_where_nobody_watches(estimate, shown, capsys):
    run_of(estimate, shown=shown)
    assert capsys.readouterr() == ("", "")


def test_progress__logs_the_start_and_the_end_of_a_long_run(caplog):
    caplog.set_level(logging.INFO, LOGGER)
    run_of(LONG, shown=None)
    start, end = caplog.messages
    assert start.startswith("ttsframe will look up 2 orders: about 10 min at 8 requests a second at first.")
    assert end.startswith("Looked up 2 of 2 orders in ")
    assert end.endswith(": 1 linked, 1 failed.")


def test_progress__the_end_of_a_long_run_names_every_outcome(caplog):
    caplog.set_level(logging.INFO, LOGGER)
    with Progress(3, LONG, shown=None, rate_per_second=lambda: 8.0) as progress:
        for status in ("denied", "unlinked", "denied"):
            progress.count(status)
    assert caplog.messages[-1].endswith(": 0 linked, 0 failed, 2 denied, 1 unlinked.")


@pytest.mark.parametrize(("estimate", "shown"), [(SHORT, None), (LONG, False)])
def test_progress__short_or_silenced_runs_are_not_logged(estimate, shown, caplog):
    caplog.set_level(logging.INFO, LOGGER)
    run_of(estimate, shown=shown)
    assert caplog.messages == []


def test_progress__true_shows_a_bar_and_how_long_it_takes(capsys):
    run_of(LONG, shown=True)
    err = capsys.readouterr().err
    assert "looking up" in err
    assert "about 10 min" in err
    assert "linked=1" in err


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (89, "89 s"), (90, "2 min"), (3600, "1 h 00 min"), (7500, "2 h 05 min")],
)
def test_duration__as_a_person_says_it(seconds, text):
    assert duration(seconds) == text

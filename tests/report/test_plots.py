"""The figure of matplotlib."""

import builtins
from dataclasses import replace

import pytest
from support.report_sample import sample_report

from ttsframe.errors import SettingsError
from ttsframe.report import (
    plot,
    summary,
)


@pytest.fixture(scope="module")
def report():
    return sample_report(300)


def test_plot__bars_hold_every_order(report):
    pytest.importorskip("matplotlib").use("Agg")
    figure = plot(report)
    days, amounts = figure.axes
    assert sum(bar.get_height() for bar in days.patches) == 300
    centres = {round(bar.get_x() + bar.get_width() / 2, 6) for bar in days.patches}
    assert centres == set(range(len(summary.timeline(report).table)))
    assert sum(bar.get_width() for bar in amounts.patches) == pytest.approx(
        report.orders["tiktok_amount"].sum() + report.orders["shopify_total"].sum()
    )
    assert len(plot(replace(report, details=None)).axes) == 1


def test_plot__without_matplotlib_names_the_extra(report, monkeypatch):
    real = builtins.__import__

    def refuse(name, *arguments, **named):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(SettingsError, match=r"ttsframe\[notebooks\]"):
        plot(report)

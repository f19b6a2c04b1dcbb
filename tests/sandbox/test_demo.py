"""The demo: all that a notebook needs, and nothing that reaches a real shop."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import ttsframe as tts
from ttsframe.errors import SettingsError


def test_demo__answers_the_orders_of_its_files():
    with tts.sandbox.demo() as demo:
        tiktok = tts.read_tiktok_orders(demo.tiktok)
        refs = tts.lookup(tiktok, shop=demo.shop, progress=False)
        shopify = tts.read_shopify_orders(demo.shopify)
        income = tts.read_tiktok_settlement(demo.settlement)
        result = tts.match(tiktok, shopify, refs, settlement=income)
    assert set(refs["status"]) == {"linked", "unlinked", "denied"}
    assert result.counts["matched"] > len(tiktok) / 2


def test_demo__the_last_report_can_be_compared():
    with tts.sandbox.demo() as demo:
        tiktok, shopify = tts.read_tiktok_orders(demo.tiktok), tts.read_shopify_orders(demo.shopify)
        asked_before = len(demo.gateway.log)
        report = demo.last_report
        assert len(demo.gateway.log) == asked_before
        refs = tts.lookup(tiktok, shop=demo.shop, progress=False)
        now = tts.match(tiktok, shopify, refs, period=("2026-09-01", "2026-09-30"))
        changes = tts.compare(report, now)["change"]
    assert set(changes) == {"newly_linked", "changed"}


def test_demo__its_own_files_go_when_it_closes_and_yours_stay(tmp_path):
    with tts.sandbox.demo() as demo, tts.sandbox.demo(tmp_path / "shop") as kept:
        assert demo.tiktok.exists()
    assert not demo.folder.exists()
    assert sorted(path.name for path in kept.folder.iterdir()) == sorted(
        path.name for path in (kept.tiktok, *kept.shopify, kept.settlement)
    )
    demo.close()  # a second time does nothing


def test_demo__leaves_the_environment_and_the_users_cache_alone():
    before = dict(os.environ)
    with tts.sandbox.demo() as demo:
        tts.lookup(tts.read_tiktok_orders(demo.tiktok).head(3), shop=demo.shop, progress=False)
        assert dict(os.environ) == before
        assert not list(Path(os.environ["HOME"]).rglob("*.sqlite"))
        with pytest.raises(SettingsError):
            tts.Shop.from_env()


def test_demo__own_settings_are_used_once_its_lines_are_replaced(monkeypatch):
    with tts.sandbox.demo() as demo:
        orders = tts.read_tiktok_orders(demo.tiktok).head(3)
        for name in ("APP_KEY", "APP_SECRET", "APP_ACCESS_KEY", "SHOP_CIPHER"):
            monkeypatch.setenv(f"TIKTOK_{name}", f"real-{name}")
        with tts.Shop.from_env() as shop:
            assert shop.settings.base_url != demo.gateway.base_url
            assert shop.settings.cache_file != demo.shop.settings.cache_file
            refs = tts.lookup(orders, shop=shop, offline=True)
    assert set(refs["status"]) == {"skipped"}


def test_demo__closes_with_the_program_and_names_no_folder():
    code = "import ttsframe as tts; demo = tts.sandbox.demo(); print(demo); print(demo.folder)"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    shown, folder = run.stdout.splitlines()
    assert run.stderr == ""
    assert not Path(folder).exists()
    assert folder not in shown
    assert "All order-2026-11-05.csv" in shown

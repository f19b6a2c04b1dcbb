"""Expired answers: used where no fresh one can be had."""

from __future__ import annotations

import contextlib
import sqlite3
import time
import warnings

import pandas as pd
import pytest
from support import canned_gateway as canned

import ttsframe as tts
from ttsframe.cache import Cache
from ttsframe.cli import main
from ttsframe.errors import OutageError, StaleAnswersWarning
from ttsframe.references.progress import Progress

ONE, TWO, THREE = "577092126219211281", "577092126219211282", "577092126219211283"


@pytest.fixture
def expired(tmp_path):
    """A gateway, and a shop whose two answers have expired: ONE is linked, TWO is not."""
    with canned.serve({ONE: canned.official("5312")}) as gateway:
        with gateway.shop(tmp_path) as shop:
            first = tts.lookup([ONE, TWO], shop=shop)
        expire(tmp_path / "cache.sqlite")
        yield gateway, first


def expire(file):
    """Let every cached answer have expired a minute ago."""
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE responses SET expires = ?", (int(time.time()) - 60,))


def told(frame):
    return list(
        zip(frame["status"].astype(str), frame["reason"].fillna(""), frame["from_cache"], strict=True)
    )


def test_stale__is_used_offline(expired, tmp_path):
    gateway, first = expired
    with gateway.shop(tmp_path) as shop:
        refs = tts.lookup([ONE, TWO, THREE], shop=shop, offline=True)
    assert told(refs) == [
        ("linked", "stale", True), ("unlinked", "stale", True), ("skipped", "offline", False)
    ]  # fmt: skip
    assert refs["fetched_at"][:2].tolist() == first["fetched_at"].tolist()
    assert refs["external_order_id"].fillna("").tolist() == ["5312", "", ""]


def test_stale__is_not_used_where_a_fresh_answer_comes(expired, tmp_path):
    gateway, _ = expired
    gateway.answers[ONE] = canned.official("6000")
    with gateway.shop(tmp_path) as shop:
        refs = tts.lookup([ONE, TWO], shop=shop)
    assert told(refs) == [("linked", "", False), ("unlinked", "", False)]
    assert refs["external_order_id"].tolist()[0] == "6000"


def test_stale__is_used_for_an_order_whose_tries_are_used_up(expired, tmp_path):
    gateway, _ = expired
    gateway.answers |= {ONE: canned.error(777, "odd"), THREE: canned.error(777, "odd")}
    with gateway.shop(tmp_path, tries=1) as shop:
        refs = tts.lookup([ONE, TWO, THREE], shop=shop)
    assert told(refs) == [
        ("linked", "stale", True), ("unlinked", "", False), ("failed", "unknown_code", False)
    ]  # fmt: skip


def test_stale__ends_an_outage_only_where_every_order_has_an_answer(expired, tmp_path):
    gateway, _ = expired
    gateway.answers |= dict.fromkeys((ONE, TWO, THREE), (503, "busy"))
    with gateway.shop(tmp_path, outage=0.3) as shop:
        with pytest.warns(StaleAnswersWarning, match="expired answers") as caught:
            refs = tts.lookup([ONE, TWO], shop=shop)
        assert caught[0].filename == __file__
        assert told(refs) == [("linked", "stale", True), ("unlinked", "stale", True)]
        with pytest.raises(OutageError, match="Of the 3 orders without a fresh answer 2 have"):
            tts.lookup([ONE, TWO, THREE], shop=shop)


def test_stale__what_came_before_an_outage_is_no_expired_answer(expired, tmp_path, monkeypatch):
    """Also where it may not be read back from the cache, as with max_age=0."""
    gateway, _ = expired

    def end(self, status):
        raise OutageError("gone")

    monkeypatch.setattr(Progress, "count", end)  # after the first answer
    with gateway.shop(tmp_path) as shop, pytest.warns(StaleAnswersWarning, match="gone"):
        refs = tts.lookup([ONE, TWO], shop=shop, max_age=0)
    assert sorted(zip(refs["reason"].fillna(""), refs["from_cache"], strict=True)) == [
        ("", False), ("stale", True)
    ]  # fmt: skip


def test_stale__0_turns_it_off(expired, tmp_path):
    gateway, _ = expired
    with gateway.shop(tmp_path, stale=0) as shop:
        refs = tts.lookup([ONE, TWO], shop=shop, offline=True)
    assert told(refs) == [("skipped", "offline", False)] * 2


def test_stale__an_answer_that_max_age_refuses_is_used_where_there_is_no_other(tmp_path):
    with canned.serve({ONE: canned.official("5312")}) as gateway, gateway.shop(tmp_path) as shop:
        tts.lookup([ONE], shop=shop)
        refs = tts.lookup([ONE], shop=shop, max_age=0, offline=True)
    assert told(refs) == [("linked", "stale", True)]


def test_stale__match_takes_it_as_an_answer_and_says_so():
    refs = pd.DataFrame(
        {"order_id": [ONE], "external_order_id": ["5277000000001"], "status": "linked", "reason": "stale"}
    )
    shopify = pd.DataFrame({"shopify_id": ["5277000000001"], "name": ["#1"], "total": [1.0]})
    result = tts.match(pd.DataFrame({"order_id": [ONE], "amount": [1.0]}), shopify, refs)
    assert result.orders["status"].tolist() == ["matched"]
    assert any("answer that has expired" in note.text for note in result.notes)


def test_stale__the_shell_exits_with_1_unless_it_is_offline(expired, tmp_path, monkeypatch, capsys):
    gateway, _ = expired
    for name, value in gateway.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TTSFRAME_CACHE", str(tmp_path / "cache.sqlite"))
    monkeypatch.setenv("TTSFRAME_TRIES", "1")
    (tmp_path / "ids.txt").write_text(f"{ONE}\n")
    gateway.answers[ONE] = canned.error(777, "odd")
    assert main(["lookup", str(tmp_path / "ids.txt"), "--offline"]) == 0
    assert main(["lookup", str(tmp_path / "ids.txt")]) == 1
    assert ",stale," in capsys.readouterr().out


def test_prune__keeps_what_may_still_be_used(expired, tmp_path):
    with Cache(tmp_path / "cache.sqlite") as cache:
        assert cache.prune(expired_seconds=3600) == 0
        assert cache.prune() == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Cache(tmp_path / "cache.sqlite").info().answers == 0

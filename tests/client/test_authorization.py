"""Credentials that stop working: one renewal for all threads, one clear end at the first proof."""

from __future__ import annotations

import dataclasses
import itertools
import json
import threading
import time
import traceback
from email.utils import formatdate
from types import SimpleNamespace

import pytest
from support.raw_gateway import answer, raw_gateway
from support.sandbox_log import Audit
from support.session_tools import (
    expected,
    found,
    free_port,
    gateway,
    ids_of,
    look_up,
    shop_of,
    threads,
    wait_until,
)

import ttsframe as tts
from ttsframe import sandbox
from ttsframe.client import authorization as module
from ttsframe.client import retry
from ttsframe.client.authorization import Authorizer
from ttsframe.client.tokens import TokenPair, TokenStore
from ttsframe.client.transport import Response
from ttsframe.errors import AccessError, OutageError, SettingsError, TtsframeError
from ttsframe.gateway import READ_SCOPE, reference_request

REQUEST = reference_request("580194009000000001", "SHOPIFY")


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch):
    monkeypatch.setattr(retry, "backoff_seconds", lambda _tries: 0.005)


@pytest.fixture
def tokens(tmp_path):
    return TokenStore(tmp_path / "config" / "tokens.json")


def without_refresh(credentials):
    return dataclasses.replace(credentials, refresh_token=None)


# A token that expires


@pytest.mark.parametrize("rotates", [True, False])
def test_renewal__is_one_an_expiry_and_every_order_is_right(rotates, tmp_path, tokens):
    with gateway(160, process=True, token_answers=50, refresh_rotates=rotates) as box:
        frame = look_up(box, tmp_path, tokens=tokens, timeout=20.0)
        assert found(frame) == expected(box)
        assert len(Audit(box.log).refreshes) == 3
        assert not Audit(box.log).asked_after_good_answer
        kept = tokens.read(box.credentials)
    assert kept.access_token.endswith("-4")
    assert kept.refresh_token == box.credentials.refresh_token + ("-4" if rotates else "")


def test_renewal__is_used_by_the_next_run(tmp_path, tokens):
    with gateway(30, token_answers=20) as box:
        look_up(box, tmp_path, tokens=tokens)
        assert len(Audit(box.log).refreshes) == 1
        (tmp_path / "next").mkdir()
        box.change(token_answers=1000)
        look_up(box, tmp_path / "next", tokens=TokenStore(tmp_path / "config" / "tokens.json"))
        assert len(Audit(box.log).refreshes) == 1
        # A new pair in the environment takes the place of the kept one.
        other = dataclasses.replace(box.credentials, access_token="of another authorization")
        with pytest.raises(AccessError, match="token"):
            look_up(box, tmp_path / "next" / "other", tokens=tokens, credentials=without_refresh(other))


def test_renewal__is_one_for_all_shops_of_a_seller(tmp_path, tokens, monkeypatch):
    monkeypatch.setattr(
        "ttsframe.sandbox.gateway.check_shop", lambda *_: None
    )  # every cipher is a shop of theirs
    with gateway(30, token_answers=20) as box:
        second = dataclasses.replace(box.credentials, shop_cipher="SANDBOX_second_shop")
        later = shop_of(box, tmp_path, credentials=second, tokens=tokens)
        assert later.client  # it holds the old pair when the first shop renews it
        assert found(look_up(box, tmp_path, tokens=tokens)) == expected(box)
        assert len(Audit(box.log).refreshes) == 1
        box.change(token_answers=1000)
        with later:
            assert found(tts.lookup(ids_of(box), shop=later)) == expected(box)
        (tmp_path / "next").mkdir()
        assert found(look_up(box, tmp_path / "next", credentials=second, tokens=tokens)) == expected(box)
        assert len(Audit(box.log).refreshes) == 1


def test_renewal__is_found_by_who_asks_for_the_shops_without_a_cipher(tmp_path, tokens):
    with gateway(30, token_answers=20) as box:
        look_up(box, tmp_path, tokens=tokens)
        box.change(token_answers=1000)
        no_shop = dataclasses.replace(box.credentials, shop_cipher="")
        with shop_of(box, tmp_path, credentials=no_shop, tokens=tokens) as shop:
            assert list(shop.shops()["cipher"]) == [box.credentials.shop_cipher]
        assert len(Audit(box.log).refreshes) == 1


def test_renewal__without_a_refresh_token_stops_with_a_word_about_the_token(tmp_path):
    with gateway(200, token_answers=30) as box:
        with pytest.raises(AccessError, match="TIKTOK_APP_ACCESS_KEY") as caught:
            look_up(box, tmp_path, credentials=without_refresh(box.credentials), workers=6)
        assert "token" in str(caught.value)
        assert caught.value.exit_code == 2
        assert wait_until(lambda: not threads())
        refused = [entry for entry in box.log if entry.code == 105002]
        assert 1 <= len(refused) <= 6
        # What was answered is kept: the next run with a good token asks for the rest only.
        box.change(token_answers=None)
        assert found(look_up(box, tmp_path, timeout=20.0)) == expected(box)
        assert not Audit(box.log).asked_after_good_answer


def test_renewal__that_is_refused_is_not_tried_again(tmp_path, tokens):
    with gateway(60, token_answers=10) as box:
        spent = dataclasses.replace(box.credentials, refresh_token="spent-refresh-token")
        with shop_of(box, tmp_path, credentials=spent, tokens=tokens) as shop:
            for _ in range(2):
                with pytest.raises(AccessError, match="refreshing it with TIKTOK_APP_REFRESH_KEY failed"):
                    tts.lookup(ids_of(box), shop=shop)
        assert sum(entry.operation == "refresh" for entry in box.log) == 1
        assert tokens.read(spent) is None


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "HTTP status 200"),
        (b"[]", "HTTP status 200"),
        (b'{"code":0}', "code 0"),
        (b'{"code":0,"data":{"access_token":""}}', "code 0"),
        (b'{"code":0,"data":{"access_token":7}}', "code 0"),
        (b'{"code":36004004,"message":"bad spent-refresh-token"}', "code 36004004"),
    ],
)
def test_renewal__an_answer_that_is_no_pair_is_told_without_secrets(body, why, tmp_path):
    with gateway(20, token_answers=5) as box, raw_gateway(answer(body)) as auth:
        spent = dataclasses.replace(box.credentials, refresh_token="spent-refresh-token")
        with pytest.raises(AccessError, match="token") as caught:
            look_up(box, tmp_path, credentials=spent, auth_url=auth.base_url)
        assert why in str(caught.value)
        assert "spent-refresh-token" not in str(caught.value)
        assert len(auth.requests) == 1


def test_renewal__a_place_that_cannot_be_reached_is_an_outage_and_may_be_tried_by_the_next_run(tmp_path):
    with gateway(30, token_answers=10) as box:
        settings = {"auth_url": f"http://127.0.0.1:{free_port()}"}
        with shop_of(box, tmp_path, **settings) as shop:
            with pytest.raises(OutageError, match="TTSFRAME_AUTH_URL"):
                tts.lookup(ids_of(box), shop=shop)
            shop.client.authorizer._auth_transport = lambda: shop.client._transport(box.auth_url, 1)
            assert found(tts.lookup(ids_of(box), shop=shop)) == expected(box)


def test_renewal__that_hangs_is_not_repeated(tmp_path):
    with gateway(30, token_answers=10) as box, raw_gateway() as silent:
        with pytest.raises(AccessError, match="no answer within"):
            look_up(box, tmp_path, auth_url=silent.base_url, timeout=0.3)
        assert len(silent.requests) == 1


# The same without a gateway


class Auth:
    """Stands for the connection to the place where tokens are renewed; counts."""

    def __init__(self, *tokens):
        self.left = list(tokens)
        self.asked = 0

    def send(self, _method, _target, _headers):
        self.asked += 1
        time.sleep(0.01)
        data = {"access_token": self.left.pop(0), "refresh_token": "next-refresh"}
        return Response(200, json.dumps({"code": 0, "data": data}).encode(), None, None)

    def close(self):
        pass


def access_with(auth, *, tokens=None, credentials=sandbox.CREDENTIALS):
    return Authorizer(credentials, auth_transport=lambda: auth, tokens=tokens)


def test_renew__many_threads_renew_once():
    auth = Auth("token-2", "token-3")
    access = access_with(auth)
    signed = [access.sign(REQUEST) for _ in range(16)]
    said = []
    renewing = [threading.Thread(target=lambda one=one: said.append(access.refresh(one))) for one in signed]
    for each in renewing:
        each.start()
    for each in renewing:
        each.join(10)
    assert said == [True] * 16
    assert auth.asked == 1
    assert access.sign(REQUEST).access_token == "token-2"


def test_renew__a_new_token_that_is_refused_at_once_is_not_renewed_again():
    auth = Auth("token-2", "token-3")
    access = access_with(auth)
    first = access.sign(REQUEST)
    assert access.refresh(first)
    access.confirm(first)  # a late answer to the old token proves nothing for the new one
    assert not access.refresh(access.sign(REQUEST))
    assert auth.asked == 1


def test_renew__a_token_that_worked_may_be_renewed():
    auth = Auth("token-2", "token-3")
    access = access_with(auth)
    assert access.refresh(access.sign(REQUEST))
    access.confirm(access.sign(REQUEST))
    assert access.refresh(access.sign(REQUEST))
    assert auth.asked == 2


def test_renew__takes_what_another_process_renewed(tokens):
    auth = Auth("token-2")
    access = access_with(auth, tokens=tokens)
    signed = access.sign(REQUEST)
    tokens.write(sandbox.CREDENTIALS, TokenPair("token-of-another", "refresh-of-another"))
    assert access.refresh(signed)
    assert access.sign(REQUEST).access_token == "token-of-another"
    assert auth.asked == 0
    # That one has expired meanwhile, and nobody has renewed it yet.
    assert access.refresh(access.sign(REQUEST))
    assert auth.asked == 1
    assert tokens.read(sandbox.CREDENTIALS) == TokenPair("token-2", "next-refresh")


def test_renew__an_older_pair_in_the_file_does_not_replace_the_newer_that_could_not_be_kept(
    tokens, monkeypatch
):
    auth = Auth("token-2", "token-3", "token-4")
    access = access_with(auth, tokens=tokens)
    assert access.refresh(access.sign(REQUEST))
    access.confirm(access.sign(REQUEST))
    with monkeypatch.context() as full_disk:
        full_disk.setattr(TokenStore, "write", lambda *_: None)
        assert access.refresh(access.sign(REQUEST))
    access.confirm(access.sign(REQUEST))
    assert tokens.read(sandbox.CREDENTIALS).access_token == "token-2"
    assert access.refresh(access.sign(REQUEST))
    assert access.sign(REQUEST).access_token == "token-4"
    assert tokens.read(sandbox.CREDENTIALS).access_token == "token-4"


def test_renew__finds_what_was_renewed_when_the_access_token_was_mistyped(tokens):
    auth = Auth("token-2")
    mistyped = dataclasses.replace(sandbox.CREDENTIALS, access_token="mistyped")
    access = access_with(auth, tokens=tokens, credentials=mistyped)
    assert access.refresh(access.sign(REQUEST))
    put_right = access_with(auth, tokens=tokens)
    assert put_right.sign(REQUEST).access_token == sandbox.CREDENTIALS.access_token
    # The refresh token was spent for the mistyped one: it must not be asked with again.
    assert put_right.refresh(put_right.sign(REQUEST))
    assert put_right.sign(REQUEST).access_token == "token-2"
    assert auth.asked == 1


# Credentials that never work


def wrong(**changes):
    return dataclasses.replace(sandbox.CREDENTIALS, **changes)


@pytest.mark.parametrize(
    ("credentials", "options", "error", "words"),
    [
        (wrong(app_secret="x"), {}, AccessError, ["TIKTOK_APP_SECRET", "106001"]),
        (wrong(app_secret="x"), {"bad_signature": "36009004"}, AccessError, ["TIKTOK_APP_SECRET"]),
        (wrong(app_key="x"), {}, AccessError, ["app key", "TIKTOK_APP_KEY"]),
        (wrong(access_token="x", refresh_token=None), {}, AccessError, ["token", "TIKTOK_APP_ACCESS_KEY"]),
        (None, {"always_code": 105005}, AccessError, [READ_SCOPE, "authorize the app again", "105005"]),
        (None, {"always_code": 36009033}, AccessError, ["IP address"]),
        (None, {"always_code": 36009043}, AccessError, ["not active"]),
        (None, {"always_code": 101000}, AccessError, ["token"]),
        (None, {"always_code": 106013}, SettingsError, ["TIKTOK_SHOP_CIPHER"]),
    ],
    ids=["secret", "secret 36009004", "key", "token", "scope", "ip", "inactive", "101000", "no cipher"],
)
@pytest.mark.parametrize("errors_at_200", [False, True])
def test_wrong__stops_at_the_first_proof_and_names_the_cure(
    credentials, options, error, words, errors_at_200, tmp_path
):
    with gateway(80, errors_at_200=errors_at_200, **options) as box:
        with pytest.raises(error) as caught:
            look_up(box, tmp_path, credentials=credentials or without_refresh(box.credentials), workers=4)
        assert wait_until(lambda: not threads())
        assert len(Audit(box.log).requests) <= 4
    assert all(word in str(caught.value) for word in words)
    assert caught.value.exit_code == 2


def test_wrong_cipher__stops_when_every_order_gets_it(tmp_path):
    with gateway(80) as box:
        with pytest.raises(SettingsError, match="ttsframe shops") as caught:
            look_up(box, tmp_path, credentials=wrong(shop_cipher="not-this-one"), workers=4)
        assert len(Audit(box.log).requests) <= 10 + 4
    assert "not-this-one" not in str(caught.value)


def test_one_orders_own_parameter__is_a_value_in_its_row(tmp_path):
    with gateway(40) as box:
        bad = ids_of(box)[20]
        box.change(order_codes={bad: 36009004})
        frame = look_up(box, tmp_path).set_index("order_id")
    assert frame.loc[bad, "status"] == "failed"
    assert frame.loc[bad, "reason"] == "bad_parameter"
    assert (frame["status"] == "failed").sum() == 1


# Clocks that differ


@pytest.mark.parametrize("offset_seconds", [-3600, 3600, 86400 * 400])
def test_clock__follows_the_gateway(offset_seconds, tmp_path):
    with gateway(40, clock_offset_seconds=offset_seconds) as box:
        assert found(look_up(box, tmp_path)) == expected(box)
        refused = [entry for entry in box.log if entry.outcome == "error"]
        assert len(refused) <= 8


def test_clock__that_is_refused_though_followed_is_fatal(tmp_path):
    body = b'{"code":36009004,"message":"Invalid timestamp"}'
    ahead = answer(body, headers=f"Date: {formatdate(time.time() + 3600, usegmt=True)}\r\n")
    with (
        raw_gateway(ahead) as served,
        served.shop(tmp_path, workers=1) as shop,
        pytest.raises(SettingsError, match="date, time and time zone"),
    ):
        tts.lookup(["580194009000000001", "580194009000000002"], shop=shop)
    assert len(served.requests) == 2


def test_clock__is_followed_anew_by_the_next_run(tmp_path):
    with gateway(40, clock_offset_seconds=3600) as box, shop_of(box, tmp_path) as shop:
        tts.lookup(ids_of(box)[:5], shop=shop)
        box.change(clock_offset_seconds=-3600)
        assert found(tts.lookup(ids_of(box), shop=shop)) == expected(box)


def test_clock__that_moves_in_mid_run_is_followed_each_time(tmp_path, monkeypatch):
    accepted = itertools.count(1)
    moves = {10: 3600, 20: -3600, 30: 0, 40: 86400, 50: 0}
    confirm = Authorizer.confirm

    def confirm_and_move(access, signed):
        confirm(access, signed)
        if (count := next(accepted)) in moves:
            box.change(clock_offset_seconds=moves[count])

    monkeypatch.setattr(Authorizer, "confirm", confirm_and_move)
    with gateway(80) as box:
        assert found(look_up(box, tmp_path)) == expected(box)
        assert sum(entry.outcome == "error" for entry in box.log) >= 2


def test_clock__that_the_user_has_set_right_between_two_runs_is_followed_back(monkeypatch):
    monkeypatch.setattr(module, "time", SimpleNamespace(time=lambda: 1_800_000_000.0))
    access = access_with(Auth())
    assert access.correct_clock(access.sign(REQUEST), 1_800_000_600.0)
    access.reset()
    assert access.correct_clock(access.sign(REQUEST), 1_800_000_000.0)
    assert access.sign(REQUEST).clock_offset_seconds == 0.0


@pytest.mark.parametrize("offset_seconds", [-1.9, 0.0, 1.9])
def test_clock__that_is_right_but_for_a_header_of_whole_seconds_is_not_followed(offset_seconds, monkeypatch):
    monkeypatch.setattr(module, "time", SimpleNamespace(time=lambda: 1_800_000_000.0))
    access = access_with(Auth())
    signed = access.sign(REQUEST)
    assert not access.correct_clock(signed, 1_800_000_000.0 + offset_seconds)
    assert access.sign(REQUEST).clock_offset_seconds == 0.0
    # It was no correction, so a real one may still come.
    assert access.correct_clock(signed, 1_800_000_000.0 + 60.0)
    assert not access.correct_clock(access.sign(REQUEST), 1_800_000_000.0 + 60.0 + offset_seconds)


def test_clock__is_followed_a_few_times_between_two_accepted_requests(monkeypatch):
    monkeypatch.setattr(module, "time", SimpleNamespace(time=lambda: 1_800_000_000.0))
    access = access_with(Auth())
    moves = iter(range(60, 6000, 60))

    def corrections():
        count = 0
        while access.correct_clock(access.sign(REQUEST), 1_800_000_000.0 + next(moves)):
            count += 1
        return count

    assert corrections() == 3
    access.confirm(access.sign(REQUEST))
    assert corrections() == 3


def test_clock__of_a_gateway_that_names_another_time_with_each_refusal_is_fatal(tmp_path):
    body = b'{"code":36009004,"message":"Invalid timestamp"}'
    hours = itertools.count(1)

    def refusal(_request):
        date = formatdate(time.time() + 3600 * next(hours), usegmt=True)
        return answer(body, headers=f"Date: {date}\r\n")

    with (
        raw_gateway(refusal) as served,
        served.shop(tmp_path, workers=1) as shop,
        pytest.raises(SettingsError, match="date, time and time zone"),
    ):
        tts.lookup(["580194009000000001", "580194009000000002"], shop=shop)
    assert len(served.requests) == 4


# What an error carries


@pytest.mark.parametrize(
    "options", [{"always_code": 105005}, {"fault_share": 1.0, "fault_kinds": ("reset",)}]
)
def test_error__shows_no_secret_even_with_the_values_of_every_frame(options, tmp_path):
    """As IPython's verbose mode and error trackers show them."""
    with gateway(60, **options) as box:
        with pytest.raises(TtsframeError) as caught, shop_of(box, tmp_path, outage=0.6) as shop:
            tts.lookup(ids_of(box), shop=shop)
        told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        text = "".join(told.format(chain=True))
        assert not [secret for secret in box.credentials.secrets if secret in text]
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None

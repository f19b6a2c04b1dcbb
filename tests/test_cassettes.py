"""Recorded answers, replayed through the real client: no gateway, no credentials."""

from __future__ import annotations

import re

import pytest
import recording
import yaml
from recording import CREDENTIALS, DENIED, FOLDER, LINKED, PLACEHOLDER, REFUSED, UNLINKED, recorder, shop_for

from ttsframe import lookup
from ttsframe.client import retry
from ttsframe.errors import AccessError
from ttsframe.sandbox import CREDENTIALS as SANDBOX_CREDENTIALS


@pytest.fixture
def replayed(request, monkeypatch):
    """A shop whose every request is answered by the cassette, which must be played to its end."""
    monkeypatch.setattr(retry, "BACKOFF_SECONDS", 0.0)
    name = request.param
    with recorder().use_cassette(f"{name}.yaml") as cassette, shop_for(CREDENTIALS) as shop:
        yield shop
        assert cassette.play_count == len(cassette) > 0, "the cassette was not played to its end"


def status_of(shop, order_id, **options):
    found = lookup([order_id], shop=shop, progress=False, **options)
    return found.loc[0, "status"], found.loc[0, "reason"], found["external_order_id"].dropna().tolist()


@pytest.mark.parametrize("replayed", ["official_shape", "reference_shape"], indirect=True)
def test_cassette__each_kind_of_order(replayed):
    assert status_of(replayed, LINKED)[::2] == ("linked", ["gid://shopify/Order/7000000000001"])
    assert status_of(replayed, UNLINKED)[::2] == ("unlinked", [])
    assert status_of(replayed, DENIED)[:2] == ("denied", "not_this_shop")
    assert status_of(replayed, REFUSED)[:2] == ("invalid", "refused_id")


@pytest.mark.parametrize("replayed", ["all_platforms"], indirect=True)
def test_cassette__other_platforms_are_left_out(replayed):
    assert status_of(replayed, LINKED)[::2] == ("linked", ["gid://shopify/Order/7000000000001"])


@pytest.mark.parametrize("replayed", ["no_permission"], indirect=True)
def test_cassette__no_permission_names_the_scope(replayed):
    with pytest.raises(AccessError, match=r"seller\.order\.ext_ref\.read.*authorize"):
        lookup([LINKED], shop=replayed, progress=False)


@pytest.mark.parametrize("replayed", ["token_expired"], indirect=True)
def test_cassette__expired_token_is_named(replayed):
    with pytest.raises(AccessError, match="token has expired"):
        lookup([LINKED], shop=replayed, progress=False)


@pytest.mark.parametrize("replayed", ["server_error_then_good"], indirect=True)
def test_cassette__server_error_is_tried_again(replayed):
    assert status_of(replayed, LINKED)[0] == "linked"


@pytest.mark.parametrize("replayed", ["authorized_shops"], indirect=True)
def test_cassette__shops(replayed):
    assert replayed.shops()["cipher"].tolist() == [PLACEHOLDER]


def cassettes():
    return sorted(FOLDER.glob("*.yaml"))


def test_cassettes__every_scenario_is_recorded():
    assert {path.stem for path in cassettes()} >= set(recording.SCENARIOS)


@pytest.mark.parametrize("path", cassettes(), ids=lambda path: path.stem)
def test_cassette__holds_no_secret(path):
    text = path.read_text()
    assert not [secret for secret in SANDBOX_CREDENTIALS.secrets if secret in text]
    assert not re.search(r"\b[0-9a-f]{64}\b", text), "a signature"
    for entry in yaml.safe_load(text)["interactions"]:
        uri = entry["request"]["uri"]
        for name in ("sign", "app_key", "shop_cipher", "refresh_token", "app_secret"):
            assert set(re.findall(rf"[?&]{name}=([^&]*)", uri)) <= {PLACEHOLDER}
        assert set(map(str, entry["request"]["headers"].values())) <= {PLACEHOLDER, f"['{PLACEHOLDER}']"}

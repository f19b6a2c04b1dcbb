"""The signature, against the official vector and a signer of our own making; the redactor."""

from __future__ import annotations

import hashlib
import hmac
import json
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttsframe.gateway.signing import MASK, redact, sign

SECRET = "e59af819cc"
SIGNED = "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8"
PATH = "/authorization/202309/shops"
QUERY = {"app_key": "29a39d", "timestamp": "1623812664"}


def signer(secret, path, query, body=b""):
    """The rule of the published documentation, written out once more."""
    wrapped = secret.encode() + path.encode()
    for name, value in sorted(query.items()):
        if name not in ("sign", "access_token"):
            wrapped += name.encode() + value.encode()
    wrapped += body + secret.encode()
    return hmac.new(secret.encode(), wrapped, hashlib.sha256).hexdigest()


def test_signer__official_vector():
    assert signer(SECRET, PATH, QUERY) == SIGNED


def test_sign__official_vector():
    assert sign(SECRET, PATH, QUERY) == SIGNED


@pytest.mark.parametrize(
    "query",
    [
        {"timestamp": "1623812664", "app_key": "29a39d"},
        {**QUERY, "sign": "anything"},
        {**QUERY, "access_token": "anything"},
    ],
    ids=["another order", "sign", "access_token"],
)
def test_sign__order_sign_and_access_token_play_no_part(query):
    assert sign(SECRET, PATH, query) == SIGNED


@pytest.mark.parametrize(
    "changed",
    [
        {"secret": "e59af819cd"},
        {"path": f"{PATH}/"},
        {"query": {**QUERY, "timestamp": "1623812665"}},
        {"query": {**QUERY, "shop_cipher": "x"}},
        {"query": {"app_key": "29a39d"}},
        {"body": b"{}"},
    ],
    ids=["secret", "path", "value", "one more", "one less", "body"],
)
def test_sign__everything_else_does(changed):
    arguments = {"secret": SECRET, "path": PATH, "query": QUERY, "body": b""} | changed
    assert sign(**arguments) != SIGNED


def test_sign__values_are_signed_decoded():
    raw = {**QUERY, "page_token": "aZ/+b="}
    assert sign(SECRET, PATH, raw) == signer(SECRET, PATH, raw)
    assert sign(SECRET, PATH, raw) != sign(SECRET, PATH, {**QUERY, "page_token": quote("aZ/+b=", safe="")})


names = st.one_of(st.text(min_size=1), st.sampled_from(["sign", "access_token", "app_key", "Sign"]))


@given(
    st.text(min_size=1),
    st.text(),
    st.dictionaries(names, st.text(), max_size=6),
    st.binary(max_size=50),
)
def test_sign__agrees_with_an_independent_signer(secret, path, query, body):
    assert sign(secret, path, query, body) == signer(secret, path, query, body)


SECRETS = {
    "sign": "0d1e2f3a4b5c",
    "access_token": "ROW_aBcD-1234",
    "refresh_token": "ROW_eFgH_5678",
    "app_secret": "e59af819ccf0",
    "shop_cipher": "GCP_XF90igAAAABh00qsWgtvOiGFNqyubMt3",
}
FORMS = {
    "query": lambda name, value: f"GET https://host/path?app_key=k&{name}={value}&timestamp=1 HTTP/1.1",
    "last of a query": lambda name, value: f"/path?{name}={value}",
    "environment": lambda name, value: f"TIKTOK_{name.upper()}={value}",
    "upper case": lambda name, value: f"/path?{name.upper()}={value}&x=1",
    "json": lambda name, value: json.dumps({"code": 0, name: value, "x": 1}),
    "compact json": lambda name, value: json.dumps({name: value}, separators=(",", ":")),
    "json in json": lambda name, value: json.dumps(json.dumps({name: value})),
    "repr": lambda name, value: repr({name: value, "x": 1}),
    "keyword": lambda name, value: f"Credentials({name}={value!r}, x=1)",
    "header": lambda name, value: f"{name}: {value}\r\nAccept: */*",
    "percent-encoded": lambda name, value: quote(f"https://host/path?a=1&{name}={value}&b=2", safe=""),
    "form": lambda name, value: urlencode({"url": f"https://host/?{name}={value}"}),
    "message": lambda name, value: f"Max retries exceeded with url: /p?{name}={value} (Caused by x)",
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize(("name", "value"), SECRETS.items(), ids=SECRETS)
def test_redact__masks_the_values_of_secret_parameters(form, name, value):
    text = form(name, value)
    assert value in text
    redacted = redact(text)
    assert value not in redacted
    assert MASK in redacted


@pytest.mark.parametrize(
    "name", ["TIKTOK_APP_ACCESS_KEY", "TIKTOK_APP_REFRESH_KEY", "accessToken", "appSecret"]
)
def test_redact__masks_other_names_of_the_same(name):
    assert redact(f"{name}=ROW_aBcD-1234 x") == f"{name}=*** x"


@pytest.mark.parametrize(
    "name", ["sign", "Sign", "SIGN", "cipher", "shop_cipher", "shopCipher", "shopcipher"]
)
@pytest.mark.parametrize(
    "before",
    # The last stand for bytes and characters that are spelled with letters.
    [
        "",
        "?",
        "&",
        "x-",
        "app",
        "app_",
        "de_",
        "7",
        "%26",
        "%2526",
        "\\n",
        "\\u0026",
        "%DE",
        "%0A",
        "\\x1bde",
    ],
)
def test_redact__masks_whatever_stands_before_the_name(before, name):
    assert redact(f"{before}{name}=0d1e2f3a") == f"{before}{name}=***"


@given(st.text(), st.sampled_from(["sign", "cipher"]))
def test_redact__spares_nothing_but_a_few_words(before, name):
    words = ("as", "co", "con", "counter", "de", "en", "re", "reas", "rede")
    if not before.lower().endswith(words):
        assert redact(f"{before}{name}=0d1e2f3a").endswith(f"{name}=***")


def test_redact__masks_the_header_of_the_token():
    shown = redact(str({"x-tts-access-token": "ROW_aBcD-1234", "content-type": "application/json"}))
    assert shown == "{'x-tts-access-token': '***', 'content-type': 'application/json'}"


@pytest.mark.parametrize(
    "text",
    [
        "GET /order/202406/orders/577092126219211281/external_orders?platform=SHOPIFY&app_key=29a39d",
        '{"code":36009004,"message":"Invalid signature","request_id":"20230101"}',
        "the signature was refused: TIKTOK_APP_SECRET does not belong to TIKTOK_APP_KEY",
        "design: blue, Redesign: no; assign=me, (resign: never) cosign='x'",
        '{"design":"blue","decipher":"it","encipher": 1}',
    ],
)
def test_redact__leaves_the_rest(text):
    assert redact(text) == text


def test_redact__keeps_what_stands_around():
    url = "https://host/path?app_key=k&shop_cipher=GCP_x&timestamp=1&sign=abc"
    assert redact(url) == "https://host/path?app_key=k&shop_cipher=***&timestamp=1&sign=***"


# As the credentials are: visible ASCII, and more than a few characters.
visible = st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="*")
secrets = st.text(visible, min_size=6, max_size=60)
around = st.text(max_size=20)


SPELLINGS = {
    "plain": str,
    "query": quote_plus,
    "path": quote,
    "json": lambda secret: json.dumps(secret)[1:-1],
    "repr": lambda secret: repr(secret)[1:-1],
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
@given(around, secrets, around)
def test_redact__no_known_secret_comes_through(spelling, before, secret, after):
    redacted = redact(before + spelling(secret) + after, [secret])
    assert spelling(secret) not in redacted
    assert secret not in redacted


@given(secrets, secrets)
def test_redact__a_secret_inside_another_leaves_no_rest(inner, rest):
    assert redact(f"a {inner + rest} b", [inner, inner + rest]) == f"a {MASK} b"


@given(around, secrets)
def test_redact__twice_changes_nothing(before, secret):
    once = redact(f"{before}?access_token={secret}", [secret])
    assert redact(once, [secret]) == once


@pytest.mark.parametrize("empty", ["", None])
def test_redact__an_empty_secret_masks_nothing(empty):
    assert redact("code 0", [empty]) == "code 0"

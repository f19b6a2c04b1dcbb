"""No secret on any way out: a run with everything that goes wrong, logged in full, and searched."""

from __future__ import annotations

import copy
import dataclasses
import json
import logging
import pickle
import re
import traceback
from urllib.parse import parse_qs, urlsplit

import pytest
from support.client_tools import Client
from support.raw_gateway import answer, raw_gateway
from support.sandbox_log import Audit
from support.session_tools import gateway, ids_of, look_up, shop_of, wait_until

import ttsframe as tts
from ttsframe import sandbox
from ttsframe.client import GatewayClient, retry
from ttsframe.client.authorization import Authorizer
from ttsframe.client.tokens import TokenPair, TokenStore
from ttsframe.client.transport import Transport
from ttsframe.config import Settings
from ttsframe.errors import OutageError, TtsframeError
from ttsframe.gateway import reference_request
from ttsframe.references.shop import Shop

KINDS = (
    "reset",
    "hang",
    "http_500",
    "envelope_500",
    "html_503",
    "truncated",
    "cut_json",
    "wrong_type",
    "redirect",
)
# Every logger of the process, to a file and in full, as people do it when something does not work.
LOG_EVERYTHING = (
    "import logging; logging.basicConfig(level=1, filename='everything.log', format='%(name)s %(message)s')"
)


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch):
    monkeypatch.setattr(retry, "backoff_seconds", lambda _tries: 0.005)


@pytest.fixture
def sent(monkeypatch):
    """Every signature that was sent from this process."""
    signatures = []
    real = Transport.send

    def send(self, method, target, *rest):
        signatures.extend(parse_qs(urlsplit(target).query).get("sign", []))
        return real(self, method, target, *rest)

    monkeypatch.setattr(Transport, "send", send)
    return signatures


def secrets_of(credentials, *, renewals=9):
    """The credentials, and the tokens that the sandbox makes of them."""
    pairs = (credentials.access_token, credentials.refresh_token)
    return {*credentials.secrets, *(f"{one}-{nth}" for one in pairs for nth in range(2, renewals))}


def leaked(text, secrets):
    return [secret for secret in secrets if secret in text]


def everything_in(folder):
    """The bytes of every file, but the one that is meant to hold tokens."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "tokens.json"
    }


def assert_clean(named_bytes, secrets):
    for name, content in named_bytes.items():
        assert not [secret for secret in secrets if secret.encode() in content], name


def test_secrets__nowhere_after_faults_a_renewal_and_a_dead_network(tmp_path, monkeypatch, sent, capfd):
    log_file = tmp_path / "log.txt"
    handler = logging.FileHandler(log_file)
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [handler])
    level = root.level
    root.setLevel(1)
    tokens = TokenStore(tmp_path / "tokens.json")
    told = []
    with gateway(120, token_answers=30, fault_share=0.3, fault_kinds=KINDS, faults_in_a_row=3) as box:
        secrets = secrets_of(box.credentials)
        with shop_of(box, tmp_path, timeout=0.3, outage=0.8, tokens=tokens) as shop:
            frame = tts.lookup(ids_of(box)[:100], shop=shop, progress=True)
            assert len(Audit(box.log).refreshes) >= 3
            told += [repr(one) for one in (shop, shop.client, shop.client.authorizer, shop.settings, tokens)]
            told += [repr(box.credentials), str(box.credentials), repr(tokens.read(box.credentials))]
            told += [repr(shop.client.authorizer.sign(reference_request("1", "SHOPIFY"))), frame.to_csv()]
            told += [repr(vars(shop)), frame.to_html(), repr(tts.plan(ids_of(box), shop=shop))]
            box.change(fault_share=1.0, fault_kinds=("reset",))
            with pytest.raises(OutageError) as caught:
                tts.lookup(ids_of(box), shop=shop, progress=True)
            told += everything_of(caught.value)
            box.close()
            for failing in (lambda: tts.lookup(ids_of_none(), shop=shop), shop.shops):
                with pytest.raises(TtsframeError) as caught:
                    failing()
                told += everything_of(caught.value)
    root.setLevel(level)
    handler.close()
    said = capfd.readouterr()
    told += [said.out, said.err]
    assert "looking up" in said.err
    text = log_file.read_text()
    assert "urllib3.connectionpool" in text or "GET /order/202406" in text
    assert len(sent) > 120
    for each in [*told, text]:
        assert not leaked(each, secrets | set(sent))
        assert not re.search(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])", each)
    assert_clean(everything_in(tmp_path), secrets | set(sent))
    kept = json.loads((tmp_path / "tokens.json").read_text())
    assert not leaked(json.dumps(kept), {box.credentials.app_secret, box.credentials.shop_cipher})


def ids_of_none():
    return ["577000000000000001"]


def everything_of(error):
    """Whatever a person or a tracker may print of an error: the chain, with the values of every frame."""
    parts = []
    while error is not None:
        parts += [str(error), repr(error), repr(error.args), repr(vars(error))]
        told = traceback.TracebackException.from_exception(error, capture_locals=True)
        parts += told.format(chain=True)
        error = error.__cause__ or error.__context__
    # The tests' own frames hold what the tests know.
    return [part for part in parts if "tests/test_secrets" not in part]


@pytest.mark.parametrize("end", ["dead network", "refused token"])
def test_secrets__nowhere_in_what_a_command_leaves(end, tmp_path):
    client_folder = tmp_path / "client"
    client_folder.mkdir()
    with gateway(
        100, process=True, token_answers=20, fault_share=0.2, fault_kinds=KINDS[2:], latency_seconds=0.01
    ) as box:
        settings = {"outage": "0.8", "timeout": "0.3"}
        client = Client(box, client_folder, ids=ids_of(box), settings=settings, prelude=LOG_EVERYTHING)
        assert wait_until(lambda: Audit(box.log).good_answers.total() >= 40, within_seconds=30)
        if end == "dead network":
            box.change(fault_share=1.0, fault_kinds=("reset",))
        else:
            box.change(always_code=36004005)
        ended = client.wait()
    assert ended.code == 2
    assert "Traceback" not in ended.err
    secrets = secrets_of(box.credentials)
    left = everything_in(client_folder)
    assert b"GET /order/202406/orders/" in left["everything.log"]
    assert not re.search(rb"sign=(?!\*)", left["everything.log"])
    assert_clean(left | {"out": ended.out.encode(), "err": ended.err.encode()}, secrets)


@pytest.mark.parametrize(
    "spelled",
    ["TTP_a/b+c=", "TTP_a%2Fb%2Bc%3D", r"TTP_a\/b+c=", r"TTP_a\u002fb\u002bc\u003d"],
    ids=["as it is", "in a URL", "slashes escaped", "all escaped"],
)
def test_secrets__that_a_gateway_repeats_are_masked_in_frame_and_store(spelled, tmp_path):
    """Gateways like to say what was wrong with which value."""
    odd = dataclasses.replace(sandbox.CREDENTIALS, access_token="TTP_a/b+c=")
    body = f'{{"code": 21008111, "message": "bad token {spelled}", "request_id": "r"}}'
    with raw_gateway(answer(body.encode())) as served:
        shop = Shop(odd, Settings(base_url=served.base_url, cache=tmp_path / "raw.sqlite"))
        frame = tts.lookup(["580194009000000001"], shop=shop)
        shop.close()
    assert list(frame["status"]) == ["denied"]
    assert frame.loc[0, "error_message"] == "bad token ***"
    assert_clean(everything_in(tmp_path), {odd.access_token, spelled})


def test_secrets__behind_escapes_in_an_answer_too_deep_to_write_are_passed_on_to_nobody(tmp_path):
    spelled = "".join(f"\\u{ord(letter):04x}" for letter in sandbox.CREDENTIALS.access_token)
    body = f'{{"code":21008111,"message":"bad {spelled}","data":{"[" * 5000}{"]" * 5000}}}'.encode()
    access = Authorizer(sandbox.CREDENTIALS, auth_transport=lambda: None)
    assert access.redact_body(body, access.sign(reference_request("1", "SHOPIFY"))) == b""
    with raw_gateway(answer(body)) as served, served.shop(tmp_path, tries=2) as shop:
        frame = tts.lookup(["580194009000000001", "580194009000000002"], shop=shop)
    assert set(frame["reason"]) == {"bad_answer"}


APP_KEY = "6bkcvnt1b1ilc"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (f"app {APP_KEY} may not", "app *** may not"),
        (f"{APP_KEY}", "***"),
        (f"/order?app_key={APP_KEY}&platform=SHOPIFY", "/order?app_key=***&platform=SHOPIFY"),
        (f"url%3Fapp_key%3D{APP_KEY}%26a", "url%3Fapp_key%3D***%26a"),
        (f"app\\n{APP_KEY}\\n", "app ***"),
        (r"app \u0036bkcvnt1b1ilc", "app ***"),
        (f"id 7{APP_KEY}", f"id 7{APP_KEY}"),
    ],
    ids=[
        "a word",
        "alone",
        "in a URL",
        "in a URL in a URL",
        "between line ends",
        "escaped",
        "part of a word",
    ],
)
def test_secrets__an_app_key_that_a_gateway_repeats_is_masked_in_frame_and_store(said, told, tmp_path):
    body = f'{{"code":21008111,"message":"{said}","request_id":"r"}}'
    credentials = dataclasses.replace(sandbox.CREDENTIALS, app_key=APP_KEY)
    with (
        raw_gateway(answer(body.encode())) as served,
        Shop(credentials, Settings(base_url=served.base_url, cache=tmp_path / "raw.sqlite")) as shop,
    ):
        frame = tts.lookup(["580194009000000001"], shop=shop)
    assert list(frame["status"]) == ["denied"]
    assert list(frame["error_message"]) == [told]
    if "***" in told:
        assert_clean(everything_in(tmp_path), {APP_KEY})


@pytest.mark.parametrize("app_key", ["k", "0", "id", "data", "580194", "577000", "21008111"])
def test_secrets__an_app_key_that_looks_like_a_part_of_an_answer_spoils_none(app_key):
    credentials = dataclasses.replace(sandbox.CREDENTIALS, app_key=app_key)
    access = Authorizer(credentials, auth_transport=lambda: None)
    body = (
        b'{"code":21008111,"message":"k 0","data":{"external_orders":[{"id":"580194009000000001",'
        b'"order_id":577000000000000001,"line_items":[577000,0]}]}}'
    )
    assert access.redact_body(body, access.sign(reference_request("1", "SHOPIFY"))) == body


def test_secrets__a_signature_that_the_gateway_repeats_is_masked(tmp_path, monkeypatch, sent):
    real = Transport.send

    def echo(self, method, target, *rest):
        signature = parse_qs(urlsplit(target).query)["sign"][0]
        reply = real(self, method, target, *rest)
        body = json.dumps({"code": 21008111, "message": f"got {signature} here", "request_id": "r"})
        return reply._replace(http_status=200, body=body.encode())

    monkeypatch.setattr(Transport, "send", echo)
    with gateway(3) as box:
        frame = look_up(box, tmp_path)
    assert list(frame["error_message"]) == ["got *** here"] * 3
    assert_clean(everything_in(tmp_path), set(sent))


def test_urllib3_logs__are_masked_under_every_logger(caplog):
    Transport("https://gateway.invalid", timeout_seconds=1.0, max_connections=1)
    line = (
        "Retrying '%s'",
        "/order?app_key=k&sign=0123abcd&shop_cipher=GCP_secret&refresh_token=r1&app_secret=s1",
    )
    names = ["connectionpool", "connection", "poolmanager", "response", "util.retry"]
    with caplog.at_level(logging.DEBUG):
        for name in names:
            logging.getLogger(f"urllib3.{name}").debug(*line)
    assert len(caplog.records) == len(names)
    assert not leaked(caplog.text, ["0123abcd", "GCP_secret", "r1", "s1"])
    assert caplog.text.count("app_key=k") == len(names)


@pytest.mark.parametrize(
    "show", [repr, str, "{}".format, "{!r}".format], ids=["repr", "str", "format", "format r"]
)
def test_repr__shows_no_secret(show):
    credentials = sandbox.CREDENTIALS
    shop = Shop(credentials, Settings(base_url="https://gateway.invalid"))
    session = GatewayClient(shop.settings, credentials, rate_limiter=shop.rate_limiter)
    access = Authorizer(credentials, auth_transport=lambda: session.transport)
    signed = access.sign(reference_request("1", "SHOPIFY"))
    pair = TokenPair("access-1", "refresh-1")
    shown = " ".join(
        map(show, [credentials, shop, shop.settings, session, access, signed, pair, [pair], {"a": signed}])
    )
    assert not leaked(shown, {*credentials.secrets, signed.signature, "access-1", "refresh-1"})
    assert copy.copy(credentials) == credentials
    assert pickle.loads(pickle.dumps(credentials)) == credentials

"""A session of the user's own: its adapters, proxies and certificates are used, and nothing else of it."""

from __future__ import annotations

import dataclasses
import multiprocessing

import pytest
import requests
from requests.adapters import HTTPAdapter
from support.fork_tools import look_up_own, naming_answer, put_wrong
from support.raw_gateway import answer, raw_gateway
from support.session_tools import free_port

import ttsframe as tts
from ttsframe import Shop


class Recording(HTTPAdapter):
    """An adapter that keeps the options it was called with, and needs none of the files they name."""

    def __init__(self):
        super().__init__()
        self.options = []
        self.closed = 0

    def send(self, request, **options):
        self.options.append(options)
        return super().send(request, **{**options, "verify": True, "cert": None})

    def close(self):
        self.closed += 1
        super().close()


def test_session__lends_its_adapter_and_certificates_and_stays_open(tmp_path, monkeypatch):
    # In requests these replace what the session says.
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, "of-the-environment.pem")
    with raw_gateway(naming_answer) as served, requests.Session() as session:
        adapter = Recording()
        session.mount(served.base_url, adapter)
        session.verify = "authority.pem"
        session.cert = ("client.pem", "client.key")
        session.headers["X-Own"] = session.cookies["own"] = "not sent"
        session.auth = ("user", "not sent")
        plain = served.shop(tmp_path)
        with Shop(plain.credentials, plain.settings, session=session) as shop:
            assert look_up_own(shop, 1, 10) == 0
        assert len(adapter.options) == len(served.requests) == 10
        assert {options["verify"] for options in adapter.options} == {"authority.pem"}
        assert {options["cert"] for options in adapter.options} == {("client.pem", "client.key")}
        assert not [
            request for request in served.requests if b"not sent" in request or b"Authorization" in request
        ]
        assert adapter.closed == 0


def test_session__without_certificates_of_its_own_uses_those_of_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "of-the-environment.pem")
    with raw_gateway(naming_answer) as served, requests.Session() as session:
        session.mount(served.base_url, adapter := Recording())
        plain = served.shop(tmp_path)
        with Shop(plain.credentials, plain.settings, session=session) as shop:
            assert look_up_own(shop, 1, 1) == 0
        assert [options["verify"] for options in adapter.options] == ["of-the-environment.pem"]


def test_session__lends_its_proxy_and_the_password_for_it(tmp_path, monkeypatch):
    for name in ("http_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with raw_gateway(naming_answer) as proxy, requests.Session() as session:
        session.proxies["http"] = proxy.base_url.replace("//", "//user:password@")
        plain = proxy.shop(tmp_path)
        settings = dataclasses.replace(plain.settings, base_url=f"http://127.0.0.1:{free_port()}")
        with Shop(plain.credentials, settings, session=session) as shop:
            assert look_up_own(shop, 1, 10) == 0
        assert len(proxy.requests) == 10
        assert all(
            request.startswith(f"GET {settings.base_url}/".encode())
            and b"Proxy-Authorization: Basic dXNlcjpwYXNzd29yZA==" in request
            for request in proxy.requests
        )


def test_session__follows_no_redirect(tmp_path):
    with raw_gateway(naming_answer) as elsewhere, requests.Session() as session:
        location = f"Location: {elsewhere.base_url}/orders/1/\r\n"
        with raw_gateway(answer(b"", status="302 Found", headers=location)) as served:
            plain = served.shop(tmp_path, tries=1)
            with Shop(plain.credentials, plain.settings, session=session) as shop:
                assert look_up_own(shop, 1, 1) == 1
        assert len(served.requests) == 1
        assert elsewhere.requests == []


def test_session__keeps_the_deadline_of_a_request(tmp_path):
    head, body = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", [b" "] * 500
    with raw_gateway(head, *body, pause_seconds=0.1) as served, requests.Session() as session:
        plain = served.shop(tmp_path, tries=1, timeout=0.3)
        with Shop(plain.credentials, plain.settings, session=session) as shop:
            refs = tts.lookup(["577000000000000001"], shop=shop, progress=False)
    assert refs["reason"].tolist() == ["timeout"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # a fork beside threads, from Python 3.12 on
@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="needs fork")
def test_session__forked_children_open_connections_of_their_own(tmp_path):
    with raw_gateway(naming_answer) as served, requests.Session() as session:
        plain = served.shop(tmp_path)
        context = multiprocessing.get_context("fork")
        with Shop(plain.credentials, plain.settings, session=session) as shop:
            assert look_up_own(shop, 0, 20) == 0
            results = context.Queue()
            children = [
                context.Process(target=put_wrong, args=(results, shop, worker, 50)) for worker in (1, 2, 3)
            ]
            for child in children:
                child.start()
            assert look_up_own(shop, 4, 50) == 0
            assert [results.get(timeout=30) for _ in children] == [0, 0, 0]
            for child in children:
                child.join(10)

"""Record the cassettes, from the sandbox or from the real gateway.

    python tests/recording.py                      # from the sandbox
    python tests/recording.py --live ORDER_ID …    # from the gateway that the TIKTOK_ names open

A live recording replaces only `live_*.yaml`. Whatever is recorded, every credential,
signature and token is replaced by a placeholder before it is written; the tests check that.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import vcr

from ttsframe import Shop, TtsframeError, config, lookup, sandbox
from ttsframe.config import BASE_URL, Credentials, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FOLDER = Path(__file__).resolve().parent.parent / "cassettes"
PLACEHOLDER = "PLACEHOLDER"
CREDENTIALS = Credentials("PLACEHOLDER", "PLACEHOLDER", "PLACEHOLDER", "PLACEHOLDER")
LINKED, UNLINKED, DENIED, REFUSED = (
    "576461413038785752",
    "576461413038785753",
    "576461413038785754",
    "576461413038785755",
)
_SECRET_QUERY = ("app_key", "app_secret", "shop_cipher", "sign", "refresh_token", "timestamp")
_SECRET_FIELDS = re.compile(r'("(?:access_token|refresh_token|cipher|shop_cipher)"\s*:\s*)"[^"]*"')
_KEPT_HEADERS = ("content-type", "retry-after", "date")


def recorder(*, mode: str = "none") -> vcr.VCR:
    """Make the recorder that both sides use, so that what is replayed was scrubbed alike."""
    return vcr.VCR(
        cassette_library_dir=str(FOLDER),
        record_mode=mode,
        match_on=("method", "path", "query"),
        before_record_request=_scrub_request,
        before_record_response=_scrub_response,
        decode_compressed_response=True,
    )


def _scrub_request(request: Any) -> Any:
    parts = urlsplit(request.uri)
    query = [
        (name, PLACEHOLDER if name in _SECRET_QUERY else value) for name, value in parse_qsl(parts.query)
    ]
    host = urlsplit(BASE_URL)
    request.uri = urlunsplit((host.scheme, host.netloc, parts.path, urlencode(query), ""))
    request.headers = {"x-tts-access-token": PLACEHOLDER} if "x-tts-access-token" in request.headers else {}
    return request


def _scrub_response(response: Any) -> Any:
    headers = response["headers"]
    response["headers"] = {name: value for name, value in headers.items() if name.lower() in _KEPT_HEADERS}
    body = response["body"]["string"].decode()
    response["body"]["string"] = _SECRET_FIELDS.sub(rf'\1"{PLACEHOLDER}"', body).encode()
    return response


@contextlib.contextmanager
def shop_for(credentials: Credentials, **settings: Any) -> Iterator[Shop]:
    """Open a shop with a cache of its own."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Shop(credentials, Settings(cache=Path(folder) / "cache.sqlite", **settings)) as shop,
    ):
        yield shop


def ask_each_kind(shop: Shop) -> None:
    """Ask about an order of each kind, one after another."""
    for order_id in (LINKED, UNLINKED, DENIED, REFUSED):
        lookup([order_id], shop=shop, progress=False)


def ask_linked(shop: Shop) -> None:
    """Ask about the linked order; an error is part of what is recorded."""
    with contextlib.suppress(TtsframeError):
        lookup([LINKED], shop=shop, progress=False)


def list_shops(shop: Shop) -> None:
    """Ask for the authorized shops."""
    shop.shops()


Scenario = tuple["Callable[[Shop], None]", dict[str, Any]]
SCENARIOS: dict[str, Scenario] = {
    "official_shape": (ask_each_kind, {"shape": "official"}),
    "reference_shape": (ask_each_kind, {"shape": "reference"}),
    "all_platforms": (ask_linked, {"all_platforms": True, "code_form": "text"}),
    "no_permission": (ask_linked, {"always_code": "105005"}),
    "token_expired": (ask_linked, {"always_code": "105002"}),
    "server_error_then_good": (
        ask_linked,
        {"fault_share": 1.0, "fault_kinds": ("envelope_500",), "faults_in_a_row": 1},
    ),
    "authorized_shops": (list_shops, {}),
}


def _orders() -> Any:
    import pandas as pd

    return pd.DataFrame(
        {
            "order_id": [LINKED, LINKED, UNLINKED, DENIED, REFUSED],
            "platform": ["SHOPIFY", "AMAZON", "SHOPIFY", "SHOPIFY", "SHOPIFY"],
            "external_order_id": ["gid://shopify/Order/7000000000001", "112-1", None, None, None],
            "line_item_id": ["577086512123755123", None, None, None, None],
            "line_item_origin_id": ["677086512123755123", None, None, None, None],
            "kind": [None, None, None, "denied", "refused"],
        }
    )


def record_sandbox() -> None:
    """Record every scenario anew."""
    for name, (ask, options) in SCENARIOS.items():
        path = FOLDER / f"{name}.yaml"
        path.unlink(missing_ok=True)
        with sandbox.run(_orders(), **options) as gateway:
            credentials = Credentials(*config_without_refresh(gateway.credentials))
            with (
                recorder(mode="all").use_cassette(path.name),
                shop_for(credentials, base_url=gateway.base_url, auth_url=gateway.auth_url) as shop,
            ):
                ask(shop)


def config_without_refresh(credentials: Credentials) -> tuple[str, str, str, str]:
    """Leave the refresh token out: a renewal is no part of these scenarios."""
    return credentials.app_key, credentials.app_secret, credentials.access_token, credentials.shop_cipher


def record_live(order_ids: list[str]) -> None:
    """Record the given orders and the shops from the real gateway."""
    _, credentials = config.read(config.environment())
    bare = Credentials(*config_without_refresh(credentials))
    for name, ask in (
        ("live_orders", lambda shop: lookup(order_ids, shop=shop, progress=False)),
        ("live_shops", list_shops),
    ):
        path = FOLDER / f"{name}.yaml"
        path.unlink(missing_ok=True)
        with recorder(mode="all").use_cassette(path.name), shop_for(bare) as shop:
            ask(shop)
        _refuse_secrets(path, bare)


def _refuse_secrets(path: Path, credentials: Credentials) -> None:
    if any(secret in path.read_text() for secret in credentials.secrets):
        path.unlink()
        raise SystemExit(f"{path.name} held a secret and was deleted; please report it")


def main() -> None:
    """Record."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--live", nargs="+", metavar="ORDER_ID", help="record the real gateway's answers")
    chosen = options.parse_args()
    FOLDER.mkdir(exist_ok=True)
    record_live(chosen.live) if chosen.live else record_sandbox()
    print(json.dumps(sorted(path.name for path in FOLDER.glob("*.yaml")), indent=1))


if __name__ == "__main__":
    main()

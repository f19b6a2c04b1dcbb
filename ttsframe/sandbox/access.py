"""Who may ask: signature, clock, tokens and shop, checked as the gateway checks them."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from ttsframe.gateway.signing import sign
from ttsframe.sandbox.errors import (
    BAD_APP,
    BAD_PARAMETER,
    BAD_REFRESH_TOKEN,
    BAD_SIGNATURE,
    EXPIRED_TOKEN,
    NO_CIPHER,
    RefusalError,
)

if TYPE_CHECKING:
    from ttsframe.config import Credentials
    from ttsframe.sandbox.behaviour import Access
    from ttsframe.sandbox.request import Request

OLDEST_SECONDS = 300
NEWEST_SECONDS = 30
_TOKEN_DAYS = 7
_REFRESH_DAYS = 180
_DAY_SECONDS = 86_400


class Tokens:
    """The access tokens and refresh tokens that are good now."""

    def __init__(self, credentials: Credentials) -> None:
        self._first = credentials
        self._past: set[str] = set()
        self._answers = 0
        self._refreshes = 0
        self.access_token = credentials.access_token
        self.refresh_token = credentials.refresh_token

    def count_answer(self) -> None:
        """Count a good answer to the present token."""
        self._answers += 1

    def check(self, token: str | None, lives_answers: int | None) -> None:
        """Refuse a token that is missing, wrong or expired."""
        if not token:
            raise RefusalError(
                BAD_PARAMETER, "Invalid access_token. The `x-tts-access-token` header is required."
            )
        if token in self._past:
            raise RefusalError(EXPIRED_TOKEN)
        if token != self.access_token:
            raise RefusalError(
                BAD_PARAMETER, "Invalid access_token. The `x-tts-access-token` header is invalid."
            )
        if lives_answers is not None and self._answers >= lives_answers:
            raise RefusalError(EXPIRED_TOKEN)

    def refresh(self, query: dict[str, str], *, rotates: bool, now: float) -> dict[str, Any]:
        """Give a new access token for the refresh token."""
        if query.get("grant_type") != "refresh_token":
            raise RefusalError(BAD_PARAMETER, "Invalid parameter. The grant_type is invalid.")
        given = (query.get("app_key"), query.get("app_secret"))
        if given != (self._first.app_key, self._first.app_secret):
            raise RefusalError(BAD_APP)
        if not self.refresh_token or query.get("refresh_token") != self.refresh_token:
            raise RefusalError(BAD_REFRESH_TOKEN, "Invalid credentials. The refresh_token is invalid.")
        self._past.add(self.access_token)
        self._refreshes += 1
        self._answers = 0
        self.access_token = f"{self._first.access_token}-{self._refreshes + 1}"
        if rotates:
            self.refresh_token = f"{self._first.refresh_token}-{self._refreshes + 1}"
        return {
            "access_token": self.access_token,
            "access_token_expire_in": int(now) + _TOKEN_DAYS * _DAY_SECONDS,
            "refresh_token": self.refresh_token,
            "refresh_token_expire_in": int(now) + _REFRESH_DAYS * _DAY_SECONDS,
            "open_id": "sandbox-open-id",
            "seller_name": "Sandbox seller",
            "seller_base_region": "US",
            "user_type": 0,
            "granted_scopes": [
                "seller.order.info",
                "seller.order.ext_ref.read",
                "seller.order.ext_ref.write",
            ],
        }


def check_request(request: Request, credentials: Credentials, access: Access, *, now: float) -> None:
    """Refuse a request that is not rightly stamped and signed."""
    query = request.query
    for name in ("app_key", "timestamp", "sign"):
        if not query.get(name):
            raise RefusalError(
                BAD_PARAMETER, f"Missing credentials. The `{name}` query parameter is required."
            )
    if query["app_key"] != credentials.app_key:
        raise RefusalError(BAD_PARAMETER, "Invalid credentials. The `app_key` is invalid.")
    _check_timestamp(query["timestamp"], now)
    expected = sign(credentials.app_secret, request.path, query, request.body)
    if not hmac.compare_digest(expected.encode(), query["sign"].encode()):
        if access.bad_signature == "36009004":
            raise RefusalError(BAD_PARAMETER, "Invalid credentials. The `sign` signature is invalid.")
        raise RefusalError(BAD_SIGNATURE)


def check_shop(query: dict[str, str], credentials: Credentials) -> None:
    """Refuse a request for a shop without that shop's cipher."""
    cipher = query.get("shop_cipher")
    if not cipher:
        raise RefusalError(NO_CIPHER)
    if cipher != credentials.shop_cipher:
        raise RefusalError(BAD_PARAMETER, "Invalid parameter. The `shop_cipher` is invalid.")


def _check_timestamp(text: str, now: float) -> None:
    if not (text.isascii() and text.isdigit() and len(text) < 16):  # noqa: PLR2004 - digits that int() may take
        raise RefusalError(BAD_PARAMETER, "Invalid timestamp. The `timestamp` must be whole Unix seconds.")
    stamp = int(text)
    if stamp < now - OLDEST_SECONDS:
        raise RefusalError(BAD_PARAMETER, "Invalid timestamp. The `timestamp` is more than 5 minutes old.")
    if stamp > now + NEWEST_SECONDS:
        raise RefusalError(BAD_PARAMETER, "Invalid timestamp. The `timestamp` lies in the future.")

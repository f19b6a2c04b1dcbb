"""The credentials in use: sign requests, follow the gateway's clock, refresh the token once.

Shared by all workers of a run. A request remembers what it was signed with, so that many
refusals of one expired token lead to one refresh.
"""

from __future__ import annotations

import re
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote_plus, urlencode

import msgspec

from ttsframe import gateway
from ttsframe.client.tokens import TokenPair, TokenStore
from ttsframe.client.transport import TransportError
from ttsframe.errors import AccessError, OutageError, TtsframeError
from ttsframe.gateway import ResponseKind
from ttsframe.gateway.signing import MASK, encodings_of, redact, sign

if TYPE_CHECKING:
    from collections.abc import Callable

    from ttsframe.client.transport import Transport
    from ttsframe.config import Credentials

# Less can come from the whole seconds of the header and from the latency.
_MIN_CLOCK_ERROR_SECONDS = 2.0
# A gateway that names another time with each refusal would otherwise be followed for ever.
_MAX_CLOCK_CORRECTIONS = 3

_JSON_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
# A shorter text is not a real app key, and may well be a word of the answer.
_MIN_APP_KEY_LENGTH = 6


class SignedRequest(NamedTuple):
    """A request ready to be sent, and what it was made with."""

    target: str
    headers: dict[str, str]
    access_token: str
    signature: str
    clock_offset_seconds: float

    def __repr__(self) -> str:
        return "SignedRequest(hidden)"


class Authorizer:
    """Signs requests with the credentials as they are now; a pair that was refreshed earlier goes first."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        auth_transport: Callable[[], Transport],
        tokens: TokenStore | None = None,
        pair: TokenPair | None = None,
    ) -> None:
        self._credentials = credentials
        self._auth_transport = auth_transport
        self._tokens = tokens
        self._lock = threading.Lock()
        self._clock_offset_seconds = 0.0
        self._clock_corrections = 0
        self._unconfirmed_token: str | None = None
        """A refreshed access token that the gateway has not accepted yet."""
        self._refresh_error: TtsframeError | None = None
        self._app_key = credentials.app_key.encode()
        self._secrets = frozenset(credentials.secrets)
        kept = (tokens.read(credentials) if tokens else None) or pair
        self._install(kept or TokenPair(credentials.access_token, credentials.refresh_token))

    @property
    def pair(self) -> TokenPair:
        """The tokens in use."""
        return self._pair

    @property
    def secrets(self) -> frozenset[str]:
        """Every secret in use now or before, for the redactor."""
        return self._secrets

    def sign(self, request: gateway.Request) -> SignedRequest:
        """Sign a request, for this moment."""
        # A request whose turn comes while the token is refreshed waits for the new one.
        with self._lock:
            token, offset = self._pair.access_token, self._clock_offset_seconds
        query = {
            **request.query,
            "app_key": self._credentials.app_key,
            "timestamp": str(int(time.time() + offset)),
        }
        if request.needs_shop:
            query["shop_cipher"] = self._credentials.shop_cipher
        signature = sign(self._credentials.app_secret, request.path, query, request.body)
        query["sign"] = signature
        headers = {
            "x-tts-access-token": token,
            "content-type": "application/json",
            "User-Agent": "ttsframe",
            "Accept-Encoding": "gzip, deflate",
        }
        target = f"{request.path}?{urlencode(query, quote_via=quote_plus)}"
        return SignedRequest(target, headers, token, signature, offset)

    def redact_body(self, body: bytes, signed: SignedRequest) -> bytes:
        """Mask secrets and the app key that a gateway repeats, before anything reads or stores its answer."""
        if b"\\" in body:
            body = _normalize_json(body)
        if len(self._app_key) >= _MIN_APP_KEY_LENGTH and self._app_key in body:
            body = _mask_word(body, self._app_key)
        if signed.signature.encode() in body or any(spelling in body for spelling in self._spellings):
            return redact(body.decode(errors="replace"), (signed.signature, *self.secrets)).encode()
        return body

    def reset(self) -> None:
        """Begin a run: what an earlier one could not reach, or its clock, may have changed since."""
        with self._lock:
            self._clock_corrections = 0
            if isinstance(self._refresh_error, OutageError):
                self._refresh_error = None

    def confirm(self, signed: SignedRequest) -> None:
        """Note that the gateway has accepted the timestamp and the token of a request."""
        self._clock_corrections = 0
        if signed.access_token == self._unconfirmed_token:
            self._unconfirmed_token = None

    def recover(self, kind: ResponseKind, signed: SignedRequest, date_seconds: float | None) -> bool:
        """Fix what the gateway refused a request for; return whether to sign and send it again."""
        if kind is ResponseKind.CLOCK:
            return self.correct_clock(signed, date_seconds)
        return kind is ResponseKind.TOKEN and self.refresh(signed)

    def correct_clock(self, signed: SignedRequest, date_seconds: float | None) -> bool:
        """Follow the gateway's clock, a few times between accepted requests; return whether to try again."""
        with self._lock:
            if signed.clock_offset_seconds != self._clock_offset_seconds:
                return True
            if self._clock_corrections >= _MAX_CLOCK_CORRECTIONS or date_seconds is None:
                return False
            offset = date_seconds - time.time()
            if abs(offset - self._clock_offset_seconds) < _MIN_CLOCK_ERROR_SECONDS:
                return False
            self._clock_offset_seconds = offset
            self._clock_corrections += 1
            return True

    def refresh(self, signed: SignedRequest) -> bool:
        """Refresh the access token, once for all requests sent with it; return whether to try again.

        Raises if that fails, also for later requests: the refresh token may be used up.
        """
        with self._lock:
            if signed.access_token != self._pair.access_token:
                return True
            if self._refresh_error:
                raise self._refresh_error
            if not self._pair.refresh_token:
                return False
            if self._tokens is None:
                return self._refresh_once()
            with self._tokens.locked():
                # Another process may have refreshed it meanwhile, or an earlier run with another access
                # token: the refresh token may be good only once.
                kept = self._tokens.find_by_refresh_token(self._credentials)
                # One that was in use here before is older: the newer one could not be kept.
                if kept and kept.access_token not in self._secrets:
                    self._install(kept)
                    return True
                refreshed = self._refresh_once()
                if refreshed:
                    self._tokens.write(self._credentials, self._pair)
                return refreshed

    def _install(self, pair: TokenPair) -> None:
        self._pair = pair
        self._secrets |= frozenset(filter(None, pair))
        self._spellings = tuple(
            spelling.encode() for each in self._secrets for spelling in encodings_of(each)
        )

    def _refresh_once(self) -> bool:
        """Refresh, unless the present token came from that and was never accepted."""
        if self._pair.access_token == self._unconfirmed_token:
            return False
        try:
            self._install(self._request_pair(self._pair))
        except TtsframeError as error:
            self._refresh_error = error
            raise
        self._unconfirmed_token = self._pair.access_token
        return True

    def _request_pair(self, pair: TokenPair) -> TokenPair:
        query = {
            "app_key": self._credentials.app_key,
            "app_secret": self._credentials.app_secret,
            "refresh_token": pair.refresh_token or "",
            "grant_type": "refresh_token",
        }
        target = f"/api/v2/token/refresh?{urlencode(query)}"
        failure, transport = None, self._auth_transport()
        try:
            response = transport.send("GET", target, {"User-Agent": "ttsframe"})
        except TransportError as error:
            failure = error
        finally:
            transport.close()
        # Outside the handler, so that no context leads to the address.
        if failure:
            raise _not_refreshed(failure)
        return self._read_pair(gateway.decode_json(response.body), response.http_status, pair)

    def _read_pair(self, content: Any, http_status: int, pair: TokenPair) -> TokenPair:  # noqa: ANN401
        code, message, _ = gateway.envelope(content)
        data = content.get("data") if code == "0" else None
        token = data.get("access_token") if isinstance(data, dict) else None
        if not isinstance(data, dict) or not isinstance(token, str) or not token:
            said = f"code {code}: {message}" if code else f"HTTP status {http_status}"
            raise AccessError(_refresh_failed(redact(said, self.secrets)))
        refresh = data.get("refresh_token")
        return TokenPair(token, refresh if isinstance(refresh, str) and refresh else pair.refresh_token)


def _normalize_json(body: bytes) -> bytes:
    """Write JSON without the escapes that it does not need, which could hide a secret."""
    content = gateway.decode_json(body)
    # What is not JSON is not an answer, and goes no further.
    return b"" if content is None else msgspec.json.encode(content)


def _mask_word(body: bytes, word: bytes) -> bytes:
    """Mask a word in the texts of JSON: not in a number, nor inside an order id."""
    # What an escape of JSON or of a URL ends with does not belong to the word.
    begins = rb"(?:(?<![0-9A-Za-z])|(?<=\\[bfnrt])|(?<=%[0-9A-Fa-f]{2}))"
    found = re.compile(begins + re.escape(word) + rb"(?![0-9A-Za-z])")
    return _JSON_TEXT.sub(lambda text: found.sub(MASK.encode(), text[0]), body)


def _not_refreshed(error: TransportError) -> TtsframeError:
    """Tell a request that was never sent from one that may have spent the refresh token."""
    if error.unreachable:
        return OutageError(
            f"the access token has expired, and the server that refreshes it cannot be reached: {error}. "
            "Check the network and TTSFRAME_AUTH_URL. What was answered is kept; the same command goes on."
        )
    return AccessError(_refresh_failed(str(error)))


def _refresh_failed(why: str) -> str:
    return (
        f"the access token has expired and refreshing it with TIKTOK_APP_REFRESH_KEY failed ({why}). Let the "
        "seller authorize the app again and set the new TIKTOK_APP_ACCESS_KEY and TIKTOK_APP_REFRESH_KEY. "
        "What was answered is kept; the same command goes on."
    )

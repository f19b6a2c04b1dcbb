"""`Shop`, the handle: credentials, connections, rate and cache of one shop."""

from __future__ import annotations

import functools
import os
import threading
from typing import Any, Self, Unpack

import pandas as pd

from ttsframe import config, gateway
from ttsframe.cache import Cache
from ttsframe.client import GatewayClient, HttpSession, RateLimiter, SharedRate
from ttsframe.client.tokens import TokenPair, TokenStore, default_file
from ttsframe.columns import TEXT_DTYPE
from ttsframe.config import Credentials, Settings, SettingsGiven, shop_digest
from ttsframe.errors import ContractError, SettingsError


class Shop:
    """One TikTok Shop: who asks, where, how fast, and what is known already.

    Make one to use several shops in one program, or settings other than the environment's;
    `lookup` makes one from the environment where none is given.

    Parameters
    ----------
    credentials
        What requests are signed with.
    settings
        How look-ups are made.
    tokens
        Where refreshed tokens are kept; by default nowhere: `from_env` keeps them in the user's
        config folder.
    session
        A `requests.Session` whose proxies, certificates and adapters are used, such as for a proxy
        that asks for a password, or a client certificate. Its headers, cookies and hooks are not
        used, redirects are not followed, and it stays yours to close.

    Notes
    -----
    A shop may be used by several threads and handed to other processes, also by a fork: each
    process has its own connections, rate and threads.

    Examples
    --------
    >>> import requests
    >>> from ttsframe import Credentials, Shop
    >>> session = requests.Session()
    >>> session.proxies["https"] = "http://user:password@proxy.example:8080"
    >>> session.cert = ("client.pem", "client.key")
    >>> shop = Shop(Credentials("key", "secret", "token", "cipher"), session=session)
    """

    def __init__(
        self,
        credentials: Credentials,
        settings: Settings | None = None,
        *,
        tokens: TokenStore | None = None,
        session: HttpSession | None = None,
    ) -> None:
        self.credentials = credentials
        self.settings = settings or Settings()
        self._tokens = tokens
        self._session = session
        self._client: GatewayClient | None = None
        self._pair: TokenPair | None = None

    @classmethod
    def from_env(cls, *, offline: bool = False, **settings: Unpack[SettingsGiven]) -> Self:
        """Make a shop from the environment and the nearest `.env`.

        Parameters
        ----------
        offline
            Nothing will be asked: only the shop cipher is needed.
        **settings
            Fields of `config.Settings`, before the environment's, as ``rate=5`` or
            ``cache="answers.sqlite"``.

        Returns
        -------
        Shop
            With refreshed tokens kept in the user's config folder.

        Raises
        ------
        SettingsError
            Naming everything that is missing or malformed.
        """
        need = ("TIKTOK_SHOP_CIPHER",) if offline else config.NEEDED_NAMES
        made, credentials = config.read(config.environment(), need=need, **settings)
        return cls(credentials, made, tokens=TokenStore(default_file()))

    def __repr__(self) -> str:
        return f"Shop({self.settings.base_url}, shop {self.name}, {self.credentials!r})"

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_client": None}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def name(self) -> str:
        """The shop's name in the cache: a digest of its cipher."""
        return shop_digest(self.credentials.shop_cipher)

    @property
    def client(self) -> GatewayClient:
        """The client of this process; made when first used."""
        # Taken before the lock, which the rate limiter needs too.
        rate_limiter = self.rate_limiter
        with _FIRST_USE:
            if self._client and self._client.process_id != os.getpid():
                self._forget_client()
            if self._client is None:
                self._client = self._new_client(rate_limiter)
            return self._client

    def _new_client(self, rate_limiter: RateLimiter) -> GatewayClient:
        credentials = self.credentials
        if not (credentials.app_key and credentials.app_secret and credentials.access_token):
            raise SettingsError("this shop was made for offline use, so it cannot send requests")
        return GatewayClient(
            self.settings,
            credentials,
            rate_limiter=rate_limiter,
            tokens=self._tokens,
            pair=self._pair,
            session=self._session,
        )

    def _forget_client(self) -> GatewayClient | None:
        """Let the client go; what it has refreshed stays."""
        client, self._client = self._client, None
        if client:
            self._pair = client.authorizer.pair
        return client

    @property
    def rate_limiter(self) -> RateLimiter:
        """The shop's rate, under this handle's own `rate` and `workers`.

        What is learnt is one for the shop in the whole process, so that a second call goes on from there.
        """
        names = (self.settings.base_url, shop_digest(self.credentials.app_key), self.name)
        # One thread at a time: two that come first together would each make one.
        with _FIRST_USE:
            shared = _shared_rate(os.getpid(), *names)
        return RateLimiter(shared, cap_per_second=self.settings.rate, max_workers=self.settings.workers)

    def open_cache(self) -> Cache:
        """Return the cache; its file is opened when first used."""
        return Cache(self.settings.cache_file)

    def shops(self) -> pd.DataFrame:
        """Ask which shops the token may act for.

        Returns
        -------
        pandas.DataFrame
            One row per shop: `name`, `region`, `seller_type`, `id`, `code`, `cipher`, all text.

        Raises
        ------
        TtsframeError
            If the gateway cannot be reached or refuses the credentials.
        """
        result = self.client.request(gateway.shops_request())
        result.raise_for_status()
        rows = gateway.decode_shops(result.content)
        if rows is None:
            raise ContractError(
                "the gateway's list of shops has a form that ttsframe does not know. Either the address in "
                "TTSFRAME_BASE_URL is not a TikTok Shop gateway, or ttsframe is wrong: please report this."
            )
        return pd.DataFrame(rows, columns=list(gateway.SHOP_FIELDS), dtype="object").astype(TEXT_DTYPE)

    def close(self) -> None:
        """Close connections that are not in use."""
        with _FIRST_USE:
            client = self._forget_client()
        # Those of a parent process are the parent's to close.
        if client and client.process_id == os.getpid():
            client.close()


_FIRST_USE = threading.Lock()
if hasattr(os, "register_at_fork"):
    # A fork waits until no thread holds it: the child would find it locked for ever.
    os.register_at_fork(
        before=_FIRST_USE.acquire,
        after_in_parent=_FIRST_USE.release,
        after_in_child=_FIRST_USE.release,
    )


@functools.cache
def _shared_rate(*_name: object) -> SharedRate:
    """One rate for a process, host, app and shop, which are its name: the gateway's limit goes by them."""
    return SharedRate()

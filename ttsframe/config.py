"""Credentials and settings, from the environment and a `.env` file.

Everything missing or malformed is named at once, so that a person fixes it in one go.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
import os
import re
from dataclasses import dataclass, field, fields
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack
from urllib.parse import urlsplit

import platformdirs

from ttsframe.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

BASE_URL = "https://open-api.tiktokglobalshop.com"
AUTH_URL = "https://auth.tiktok-shops.com"
NO_NEED = (
    "Reading files, match() and --no-lookup need no credentials; offline look-ups need only "
    "TIKTOK_SHOP_CIPHER. To try ttsframe without a shop, run: ttsframe demo"
)

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([smhd]?)")
_PASSWORD = re.compile(r"(?:(?<=//)|^(?!.*//)).*@")
# Longer ones are typing errors; neither SQLite nor a socket takes numbers without end.
_MAX_SECONDS = 1e9
_MAX_WAIT_SECONDS = 86_400
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


class Secret(str):
    """A text that `repr` hides, as in tracebacks with the values of variables; `str` is the text itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(hidden)"


@dataclass(frozen=True)
class Credentials:
    """What a request is signed with; its repr shows no secret.

    Parameters
    ----------
    app_key
        The app's key, sent with every request.
    app_secret
        The app's secret; signs, and is never sent to the gateway.
    access_token
        The seller's token; lives 7 days.
    shop_cipher
        Which shop; `ttsframe shops` tells it.
    refresh_token
        Refreshes the access token, if given.
    """

    app_key: str
    app_secret: str = field(repr=False)
    access_token: str = field(repr=False)
    shop_cipher: str = field(default="", repr=False)
    refresh_token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name in ("app_secret", "access_token", "shop_cipher", "refresh_token"):
            if (value := getattr(self, name)) is not None:
                object.__setattr__(self, name, Secret(value))

    def __repr__(self) -> str:
        return f"Credentials(app_key={self.app_key[:2] + '…'!r}, secrets hidden)"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every value that must never leave the process."""
        values = (self.app_secret, self.access_token, self.shop_cipher, self.refresh_token)
        return tuple(value for value in values if value)


def shop_digest(shop_cipher: str) -> str:
    """Return the name of a shop in the cache: a digest, since the cipher is a secret."""
    return hashlib.sha256(f"ttsframe shop {shop_cipher}".encode()).hexdigest()[:16]


def seconds(text: str) -> float:
    """Read a duration, as `30d`, `1h`, `15m`, `90s` or a number of seconds; raise ValueError for another."""
    found = _DURATION.fullmatch(text.strip().lower())
    duration = float(found[1]) * _SECONDS[found[2]] if found else math.inf
    if duration > _MAX_SECONDS:
        raise ValueError("is not a duration such as 30d, 1h or 90s")
    return duration


def gateway_url(text: str) -> str:
    """Check the address of a gateway: https, or http to this machine only."""
    try:
        parts = urlsplit(text.strip())
        complete = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is none, a bracket that is not closed
        complete = False
    if not complete or re.search(r"\s", parts.netloc):
        raise ValueError("is not an address such as https://host")
    if parts.scheme != "https" and not _is_this_machine(parts.hostname or ""):
        raise ValueError("must begin with https:// (http:// is for this machine only, as it shows the token)")
    if "@" in parts.netloc or parts.query or parts.fragment or parts.path.strip("/"):
        raise ValueError("must be scheme and host only, as https://host")
    return f"{parts.scheme}://{parts.netloc}"


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _positive(text: str) -> float:
    number = float(text)
    if not math.isfinite(number) or number <= 0:
        raise ValueError("must be a number above 0")
    return number


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", text.strip()) or int(text) < 1:
        raise ValueError("must be a whole number above 0")
    return int(text)


def _positive_seconds(text: str) -> float:
    duration = seconds(text)
    if not 0 < duration <= _MAX_WAIT_SECONDS:
        raise ValueError("must be greater than zero and at most 1d")
    return duration


def _path(text: str) -> Path:
    return Path(text).expanduser()


def default_cache() -> Path:
    """Return the cache file where none is named: `ttsframe.sqlite` in the user cache folder."""
    return Path(platformdirs.user_cache_dir("ttsframe", appauthor=False)) / "ttsframe.sqlite"


def _setting(name: str, read: Callable[[str], Any], default: Any = None) -> Any:  # noqa: ANN401
    return field(default=default, metadata={"name": name, "read": read})


@dataclass(frozen=True)
class Settings:
    """How look-ups are made; each field has an environment variable.

    Parameters
    ----------
    base_url
        The gateway (`TTSFRAME_BASE_URL`).
    auth_url
        Where tokens are refreshed (`TTSFRAME_AUTH_URL`).
    cache
        The file of cached answers (`TTSFRAME_CACHE`); the user cache folder by default.
    rate
        The most requests a second (`TTSFRAME_RATE`); none by default: the rate is found.
    workers
        The most requests at once (`TTSFRAME_WORKERS`).
    tries
        How often an order is tried (`TTSFRAME_TRIES`).
    timeout
        Seconds to wait for an answer (`TTSFRAME_TIMEOUT`).
    outage
        Seconds without any good answer that end a run (`TTSFRAME_OUTAGE`).
    lifetime_linked
        Seconds that a linked answer is kept (`TTSFRAME_LIFETIME_LINKED`).
    lifetime_unlinked
        Seconds that "no reference" is kept (`TTSFRAME_LIFETIME_UNLINKED`).
    lifetime_denied
        Seconds that a denial or a refused id is kept (`TTSFRAME_LIFETIME_DENIED`).
    stale
        Seconds that an expired answer is kept, for want of a fresh one (`TTSFRAME_STALE`).

    Raises
    ------
    SettingsError
        Naming every field that is malformed; a gateway elsewhere must be `https`.
    """

    base_url: str = _setting("TTSFRAME_BASE_URL", gateway_url, BASE_URL)
    auth_url: str = _setting("TTSFRAME_AUTH_URL", gateway_url, AUTH_URL)
    cache: Path | None = _setting("TTSFRAME_CACHE", _path)
    rate: float | None = _setting("TTSFRAME_RATE", _positive)
    workers: int = _setting("TTSFRAME_WORKERS", _count, 128)
    tries: int = _setting("TTSFRAME_TRIES", _count, 5)
    timeout: float = _setting("TTSFRAME_TIMEOUT", _positive_seconds, 20.0)
    outage: float = _setting("TTSFRAME_OUTAGE", _positive_seconds, 60.0)
    lifetime_linked: float = _setting("TTSFRAME_LIFETIME_LINKED", seconds, 30 * 86400.0)
    lifetime_unlinked: float = _setting("TTSFRAME_LIFETIME_UNLINKED", seconds, 3600.0)
    lifetime_denied: float = _setting("TTSFRAME_LIFETIME_DENIED", seconds, 86400.0)
    stale: float = _setting("TTSFRAME_STALE", seconds, 180 * 86400.0)

    def __post_init__(self) -> None:
        given = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        # A default needs no check, and None is one.
        told = [entry.name for entry in fields(self) if given[entry.name] is not entry.default]
        values, problems = _checked({name: (name, given[name]) for name in told})
        if problems:
            raise SettingsError(_list(problems))
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def cache_file(self) -> Path:
        """The cache file, named or by default."""
        return self.cache or default_cache()

    @property
    def host(self) -> str:
        """The gateway's host and port, part of every key of the cache."""
        return urlsplit(self.base_url).netloc


class SettingsGiven(TypedDict, total=False):
    """Fields of `Settings` as keywords, for type checkers; numbers may be texts."""

    base_url: str
    auth_url: str
    cache: str | os.PathLike[str] | None
    rate: float | str | None
    workers: int | str
    tries: int | str
    timeout: float | str
    outage: float | str
    lifetime_linked: float | str
    lifetime_unlinked: float | str
    lifetime_denied: float | str
    stale: float | str


_CREDENTIAL_NAMES = {
    "app_key": "TIKTOK_APP_KEY",
    "app_secret": "TIKTOK_APP_SECRET",
    "access_token": "TIKTOK_APP_ACCESS_KEY",
    "shop_cipher": "TIKTOK_SHOP_CIPHER",
    "refresh_token": "TIKTOK_APP_REFRESH_KEY",
}
CREDENTIAL_NAMES = tuple(_CREDENTIAL_NAMES.values())
NEEDED_NAMES = CREDENTIAL_NAMES[:4]
"""All but the refresh token."""
SETTING_NAMES = tuple(entry.metadata["name"] for entry in fields(Settings))


def environment() -> dict[str, str]:
    """Return what ttsframe knows of the environment over the nearest `.env`, here or in a folder above."""
    import dotenv  # noqa: PLC0415 - not needed to import ttsframe

    path = dotenv.find_dotenv(usecwd=True)
    try:
        values = {**dotenv.dotenv_values(path, interpolate=False), **os.environ}
    except (OSError, UnicodeDecodeError) as error:
        why = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise SettingsError(
            f"cannot read {path}: {why}. Fix the file, or set the variables elsewhere."
        ) from None
    known = (*CREDENTIAL_NAMES, *SETTING_NAMES)
    # An address may hold a password too.
    return {name: Secret(text.strip()) for name in known if (text := values.get(name)) and text.strip()}


def read(
    environ: Mapping[str, str],
    *,
    need: tuple[str, ...] = NEEDED_NAMES,
    **settings: Unpack[SettingsGiven],
) -> tuple[Settings, Credentials]:
    """Read settings and credentials; raise SettingsError naming everything that is missing or malformed.

    `settings` are fields of `Settings`, which go before the environment, and may be texts as there.
    Credentials that are not in `need` are taken if they are there, and else are empty.
    """
    problems: list[str] = []
    made = _settings(environ, settings, problems)
    values: dict[str, Any] = {key: Secret(environ.get(name, "")) for key, name in _CREDENTIAL_NAMES.items()}
    problems += [f"{name} is not set" for name in need if not environ.get(name)]
    problems += [
        f"{_CREDENTIAL_NAMES[key]} holds blanks or characters that no credential has; copy it again"
        for key, value in values.items()
        if value and not re.fullmatch(r"[\x21-\x7e]+", value)
    ]
    if problems:
        raise SettingsError(_list(problems))
    return made, Credentials(**{**values, "refresh_token": values["refresh_token"] or None})


def _settings(environ: Mapping[str, str], given: Mapping[str, Any], problems: list[str]) -> Settings:
    known = {entry.name: entry for entry in fields(Settings)}
    if unknown := sorted(set(given) - set(known)):
        raise SettingsError(f"no such setting: {', '.join(unknown)}. There are: {', '.join(known)}")
    named = {key: (key if key in given else entry.metadata["name"]) for key, entry in known.items()}
    texts = {key: (name, given.get(key, environ.get(name))) for key, name in named.items()}
    values, malformed = _checked({key: each for key, each in texts.items() if each[1] is not None})
    problems += malformed
    return Settings(**values)


def _checked(given: Mapping[str, tuple[str, Any]]) -> tuple[dict[str, Any], list[str]]:
    """Read fields, key → (name to tell, text or value); return the good values, and what is wrong."""
    readers = {entry.name: entry.metadata["read"] for entry in fields(Settings)}
    values: dict[str, Any] = {}
    problems: list[str] = []
    for key, (name, value) in given.items():
        try:
            values[key] = readers[key](_text(value))
        except ValueError as error:
            problems.append(f"{name} {_why(error)}: {_PASSWORD.sub('***@', str(value))!r}")
    return values, problems


def _text(value: Any) -> str:  # noqa: ANN401
    """A value as the environment would spell it: no duration is written 1e-05."""
    return f"{Decimal(str(value)):f}" if isinstance(value, float) else str(value)


def _why(error: ValueError) -> str:
    text = str(error)
    return text if text.startswith(("is", "must")) else "is not a number"


def _list(problems: list[str]) -> str:
    head = "these settings are missing or malformed (set them in the environment or in a .env file):"
    tail = f"\n{NO_NEED}" if any("TIKTOK" in problem for problem in problems) else ""
    return head + "".join(f"\n  - {problem}" for problem in problems) + tail

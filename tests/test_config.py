"""Credentials and settings: where they come from, what is refused, and that no secret is shown."""

from __future__ import annotations

import dataclasses
import functools
import math
import os
import pickle
import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ttsframe as tts
from ttsframe import config
from ttsframe.config import Credentials, Settings
from ttsframe.errors import SettingsError
from ttsframe.references.shop import Shop

ENVIRON = {
    "TIKTOK_APP_KEY": "29a39dkey",
    "TIKTOK_APP_SECRET": "e59af819cc-secret",
    "TIKTOK_APP_ACCESS_KEY": "ROW_access-token",
    "TIKTOK_SHOP_CIPHER": "GCP_shop-cipher",
    "TIKTOK_APP_REFRESH_KEY": "ROW_refresh-token",
}
SECRETS = [value for name, value in ENVIRON.items() if name != "TIKTOK_APP_KEY"]
NEEDED = ("TIKTOK_APP_KEY", "TIKTOK_APP_SECRET", "TIKTOK_APP_ACCESS_KEY", "TIKTOK_SHOP_CIPHER")


def refused(environ, **settings):
    """The message of the refusal, and all that Python would print about it."""
    with pytest.raises(SettingsError) as refusal:
        config.read(environ, **settings)
    return str(refusal.value), "".join(traceback.format_exception(refusal.value))


# Credentials


def test_read__credentials_by_the_names_of_the_users_document():
    _, credentials = config.read(ENVIRON)
    assert dataclasses.astuple(credentials) == (
        "29a39dkey",
        "e59af819cc-secret",
        "ROW_access-token",
        "GCP_shop-cipher",
        "ROW_refresh-token",
    )


def test_read__everything_missing_is_named_at_once():
    message, _ = refused({"TTSFRAME_RATE": "many", "TTSFRAME_LIFETIME_LINKED": "a month"})
    assert all(name in message for name in NEEDED)
    assert "TIKTOK_APP_REFRESH_KEY" not in message.split("\n  - ")[0]
    assert "TTSFRAME_RATE" in message
    assert "TTSFRAME_LIFETIME_LINKED" in message


def test_read__says_what_needs_no_credentials():
    message, _ = refused({})
    assert all(word in message for word in ("Reading files", "match()", "offline look-ups"))


@pytest.mark.parametrize("missing", NEEDED)
def test_read__one_missing_is_named_alone(missing):
    message, _ = refused({name: value for name, value in ENVIRON.items() if name != missing})
    problems = message.split("\n  - ")[1:]
    assert len(problems) == 1
    assert problems[0].startswith(f"{missing} is not set")


def test_read__the_refresh_token_is_optional():
    _, credentials = config.read({name: ENVIRON[name] for name in NEEDED})
    assert credentials.refresh_token is None


def test_read__offline_needs_the_cipher_alone():
    need = ("TIKTOK_SHOP_CIPHER",)
    _, credentials = config.read({"TIKTOK_SHOP_CIPHER": "GCP_shop-cipher"}, need=need)
    assert credentials.shop_cipher == "GCP_shop-cipher"
    with pytest.raises(SettingsError, match="TIKTOK_SHOP_CIPHER"):
        config.read({}, need=need)


def test_read__settings_need_no_credentials():
    assert config.read({}, need=())[0] == Settings()


@pytest.mark.parametrize("name", ENVIRON)
@pytest.mark.parametrize("dirt", [" inner", "\n", "\u200b", "“", "\x00", "ü"])
def test_read__a_credential_copied_with_dirt_is_refused_unseen(name, dirt):
    value = ENVIRON[name]
    message, printed = refused({**ENVIRON, name: f"{value[:5]}{dirt}{value[5:]}"})
    assert name in message
    assert value[:5] not in printed
    assert value[5:] not in printed


@pytest.mark.parametrize("show", [repr, str, "{}".format, lambda credentials: f"{credentials!s:>200}"])
def test_credentials__show_no_secret(show):
    _, credentials = config.read(ENVIRON)
    for shown in (show(credentials), show([credentials]), show({"shop": credentials})):
        assert not any(secret in shown for secret in (*SECRETS, "29a39dkey"))


def test_credentials__secrets_are_all_but_the_key():
    _, credentials = config.read(ENVIRON)
    assert sorted(credentials.secrets) == sorted(SECRETS)
    assert Credentials("key", "secret", "token").secrets == ("secret", "token")


def test_credentials__are_frozen_values():
    _, credentials = config.read(ENVIRON)
    with pytest.raises(dataclasses.FrozenInstanceError):
        credentials.app_secret = "other"
    assert pickle.loads(pickle.dumps(credentials)) == credentials


def test_shop_digest__tells_shops_apart_and_hides_the_cipher():
    digest = config.shop_digest("GCP_shop-cipher")
    assert digest == config.shop_digest("GCP_shop-cipher")
    assert digest != config.shop_digest("GCP_shop-cipheR")
    assert "GCP" not in digest


# Settings


def test_settings__defaults():
    made, _ = config.read({}, need=())
    assert made.base_url == "https://open-api.tiktokglobalshop.com"
    assert made.auth_url == "https://auth.tiktok-shops.com"
    assert (made.rate, made.workers, made.tries, made.timeout, made.outage) == (None, 128, 5, 20, 60)
    assert made.lifetime_linked == 30 * 86400
    assert made.lifetime_unlinked == 3600
    assert made.lifetime_denied == 86400
    assert made.host == "open-api.tiktokglobalshop.com"


FROM_ENVIRONMENT = {
    "TTSFRAME_BASE_URL": ("https://gateway.example", "base_url", "https://gateway.example"),
    "TTSFRAME_AUTH_URL": ("http://127.0.0.1:8080/", "auth_url", "http://127.0.0.1:8080"),
    "TTSFRAME_CACHE": ("folder/answers.sqlite", "cache", Path("folder/answers.sqlite")),
    "TTSFRAME_RATE": ("2.5", "rate", 2.5),
    "TTSFRAME_WORKERS": ("16", "workers", 16),
    "TTSFRAME_TRIES": ("1", "tries", 1),
    "TTSFRAME_TIMEOUT": ("90s", "timeout", 90.0),
    "TTSFRAME_OUTAGE": ("2m", "outage", 120.0),
    "TTSFRAME_LIFETIME_LINKED": ("7d", "lifetime_linked", 7 * 86400.0),
    "TTSFRAME_LIFETIME_UNLINKED": ("0", "lifetime_unlinked", 0.0),
    "TTSFRAME_LIFETIME_DENIED": ("1.5h", "lifetime_denied", 5400.0),
    "TTSFRAME_STALE": ("0", "stale", 0.0),
}


@pytest.mark.parametrize(("name", "given_value"), FROM_ENVIRONMENT.items(), ids=FROM_ENVIRONMENT)
def test_settings__each_has_its_name_in_the_environment(name, given_value):
    text, field, value = given_value
    assert config.read({name: text}, need=())[0] == dataclasses.replace(Settings(), **{field: value})


def test_settings__names_are_all_tested():
    assert tuple(FROM_ENVIRONMENT) == config.SETTING_NAMES
    assert tuple(ENVIRON) == config.CREDENTIAL_NAMES


MALFORMED = {
    "TTSFRAME_BASE_URL": ["gateway.example", "ftp://gateway.example", "https://", "http://gateway.example"],
    "TTSFRAME_AUTH_URL": ["http://auth.example", "https://auth.example/api/v2"],
    "TTSFRAME_RATE": ["fast", "0", "-1", "nan", "inf", "1e999"],
    "TTSFRAME_WORKERS": ["0", "-4", "1.5", "many", "99999999", "٣"],
    "TTSFRAME_TRIES": ["0", "five"],
    "TTSFRAME_TIMEOUT": ["0", "0s", "-1s", "soon", "inf", "1 year"],
    "TTSFRAME_OUTAGE": ["0m", "x"],
    "TTSFRAME_LIFETIME_LINKED": ["30 days", "forever", "-1d", "1d2h", "nan"],
    "TTSFRAME_LIFETIME_UNLINKED": ["1w"],
    "TTSFRAME_LIFETIME_DENIED": ["1,5h"],
    "TTSFRAME_STALE": ["-1"],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name in MALFORMED for text in MALFORMED[name]])
def test_settings__malformed_ones_are_named_with_their_value(name, text):
    message, _ = refused({**ENVIRON, name: text})
    problems = message.split("\n  - ")[1:]
    assert len(problems) == 1
    assert problems[0].startswith(f"{name} ")
    assert repr(text) in problems[0]


def test_settings__all_malformed_ones_are_named_at_once():
    message, _ = refused(ENVIRON | {name: texts[0] for name, texts in MALFORMED.items()})
    assert all(name in message for name in MALFORMED)


@pytest.mark.parametrize(
    ("given_settings", "field", "value"),
    [
        ({"rate": 5}, "rate", 5.0),
        ({"rate": "5"}, "rate", 5.0),
        ({"timeout": "1m"}, "timeout", 60.0),
        ({"timeout": 7.5}, "timeout", 7.5),
        ({"cache": Path("a.sqlite")}, "cache", Path("a.sqlite")),
        ({"cache": "a.sqlite"}, "cache", Path("a.sqlite")),
        ({"lifetime_linked": 2_592_000.0}, "lifetime_linked", 2_592_000.0),
    ],
)
def test_settings__arguments_go_before_the_environment(given_settings, field, value):
    environ = {"TTSFRAME_RATE": "1", "TTSFRAME_TIMEOUT": "1", "TTSFRAME_CACHE": "env.sqlite"}
    assert getattr(config.read(environ, need=(), **given_settings)[0], field) == value


@pytest.mark.parametrize("field", ["rate", "cache"])
def test_settings__an_argument_of_none_is_the_default_whatever_the_environment(field):
    environ = {"TTSFRAME_RATE": "1", "TTSFRAME_CACHE": "env.sqlite"}
    assert getattr(config.read(environ, need=(), **{field: None})[0], field) is None


def test_settings__a_malformed_argument_is_named_as_the_argument():
    message, _ = refused(ENVIRON, rate="many")
    assert "rate is not a number" in message
    assert "TTSFRAME_RATE" not in message


def test_settings__unknown_arguments_are_refused_naming_the_known():
    message, _ = refused(ENVIRON, speed=3)
    assert "speed" in message
    assert all(field.name in message for field in dataclasses.fields(Settings))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("base_url", "http://gateway.example"),
        ("base_url", "https://:hunter2pass@gateway.example"),
        ("auth_url", "http://10.0.0.1"),
        ("auth_url", None),
        ("rate", 0),
        ("rate", -1.0),
        ("rate", math.inf),
        ("workers", 0),
        ("workers", 1.5),
        ("workers", None),
        ("tries", 0),
        ("timeout", 0.0),
        ("timeout", math.inf),
        ("outage", -60.0),
        ("outage", math.nan),
        ("lifetime_linked", -1),
    ],
)
def test_settings__made_directly_or_changed_are_checked_alike(field, value):
    for make in (Settings, functools.partial(dataclasses.replace, Settings())):
        with pytest.raises(SettingsError, match=rf"\n  - {field} (is|must)") as caught:
            make(**{field: value})
        assert "hunter2pass" not in str(caught.value)


def test_settings__made_directly_name_all_that_is_malformed():
    with pytest.raises(SettingsError) as caught:
        Settings(base_url="http://gateway.example", workers=0, tries=0)
    assert [line.split()[1] for line in str(caught.value).splitlines()[1:]] == [
        "base_url",
        "workers",
        "tries",
    ]


def test_settings__made_directly_are_spelt_as_those_of_the_environment():
    made = Settings(base_url="https://gateway.example/", cache="~/answers.sqlite")
    assert made.base_url == "https://gateway.example"
    assert made.cache_file == Path.home() / "answers.sqlite"


@given(st.floats(min_value=1e-300, max_value=86_400.0))
def test_settings__keep_a_number_as_it_is(seconds):
    made = Settings(rate=seconds, timeout=seconds, lifetime_linked=seconds)
    assert (made.rate, made.timeout, made.lifetime_linked) == (seconds, seconds, seconds)


def test_settings__the_store_lies_in_the_user_cache_folder(tmp_path):
    assert (
        config.read({}, need=())[0].cache_file == tmp_path / "home" / "cache" / "ttsframe" / "ttsframe.sqlite"
    )


def test_settings__a_store_under_home(tmp_path):
    found = config.read({"TTSFRAME_CACHE": "~/answers.sqlite"}, need=())[0].cache_file
    assert found == tmp_path / "home" / "answers.sqlite"


# Durations and addresses


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30d", 2_592_000),
        ("1h", 3600),
        ("15m", 900),
        ("90s", 90),
        ("90", 90),
        ("0s", 0),
        ("1.5h", 5400),
        (" 7D ", 604_800),
        ("2 h", 7200),
    ],
)
def test_seconds__durations(text, seconds):
    assert config.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "d", "1w", "-1s", "1h30m", "1,5h", "nan", "inf", "1e3e", "h1", "٣s"])
def test_seconds__what_is_no_duration(text):
    with pytest.raises(ValueError, match="30d, 1h or 90s"):
        config.seconds(text)


@given(st.integers(0, 11_000), st.sampled_from(["s", "m", "h", "d", ""]))
def test_seconds__any_whole_number_of_any_unit(number, unit):
    factor = {"s": 1, "": 1, "m": 60, "h": 3600, "d": 86400}[unit]
    assert config.seconds(f"{number}{unit}") == number * factor


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://gateway.example", "https://gateway.example"),
        ("https://gateway.example/", "https://gateway.example"),
        (" https://gateway.example:8443 ", "https://gateway.example:8443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://LOCALHOST:8080", "http://LOCALHOST:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("HTTPS://gateway.example", "https://gateway.example"),
    ],
)
def test_gateway_url__https_or_this_machine(text, url):
    assert config.gateway_url(text) == url


@pytest.mark.parametrize(
    "text",
    [
        "http://gateway.example",
        "http://127.0.0.1.example",
        "http://localhost.example",
        "http://127.0.0.1@gateway.example",
        "http://10.0.0.1",
        "http://0.0.0.0:8080",
        "HTTP://gateway.example",
    ],
)
def test_gateway_url__http_to_elsewhere_is_refused_naming_https(text):
    with pytest.raises(ValueError, match="https://"):
        config.gateway_url(text)


NO_ADDRESSES = [
    *("", "gateway.example", "//gateway.example", "ftp://gateway.example", "file:///etc", "https://"),
    *(
        "https://gateway.example:port",
        "https://gateway.example:99999",
        "https://[::1",
        "https://gate way.example",
    ),
    *("https://user:pass@gateway.example", "https://gateway.example/v1", "https://gateway.example?a=1"),
    *("https://:pass@gateway.example", "https://@gateway.example", "http://:pass@127.0.0.1:8080"),
    "https://gateway.example#a",
]


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_gateway_url__what_is_no_address(text):
    with pytest.raises(ValueError, match="https://host"):
        config.gateway_url(text)


# The environment and .env


def test_environment__knows_only_our_names(monkeypatch):
    monkeypatch.setenv("TIKTOK_APP_KEY", "key")
    monkeypatch.setenv("TTSFRAME_RATE", " 5 ")
    monkeypatch.setenv("TTSFRAME_TRIES", "  ")
    monkeypatch.setenv("TTSFRAME_OTHER", "1")
    assert config.environment() == {"TIKTOK_APP_KEY": "key", "TTSFRAME_RATE": "5"}


def test_environment__reads_the_nearest_env_file(monkeypatch, tmp_path):
    Path(".env").write_text("TIKTOK_APP_KEY=far\nTTSFRAME_RATE=1\n")
    folder = tmp_path / "project" / "notebooks"
    folder.mkdir(parents=True)
    (tmp_path / "project" / ".env").write_text("TIKTOK_APP_KEY=near\n")
    monkeypatch.chdir(folder)
    assert config.environment() == {"TIKTOK_APP_KEY": "near"}


def test_environment__goes_before_the_env_file(monkeypatch):
    Path(".env").write_text("TIKTOK_APP_KEY=file\nTIKTOK_SHOP_CIPHER=file\n")
    monkeypatch.setenv("TIKTOK_APP_KEY", "environment")
    assert config.environment() == {"TIKTOK_APP_KEY": "environment", "TIKTOK_SHOP_CIPHER": "file"}


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("TIKTOK_APP_SECRET=a$b${HOME}c", "a$b${HOME}c"),
        ("export TIKTOK_APP_SECRET=abc", "abc"),
        ('TIKTOK_APP_SECRET="abc"', "abc"),
        ("TIKTOK_APP_SECRET='a$b'", "a$b"),
        ("TIKTOK_APP_SECRET = abc # the app's", "abc"),
        ("TIKTOK_APP_SECRET=a#b", "a#b"),
        ("TIKTOK_APP_SECRET=aZ/+b==", "aZ/+b=="),
    ],
)
def test_environment__values_of_an_env_file_are_taken_as_they_are(line, value):
    Path(".env").write_text(line + "\n")
    assert config.environment() == {"TIKTOK_APP_SECRET": value}


def test_environment__a_name_without_value_is_not_set():
    Path(".env").write_text("TIKTOK_APP_KEY\nTIKTOK_APP_SECRET=\n")
    assert config.environment() == {}


def test_environment__is_not_changed_by_an_env_file():
    Path(".env").write_text("TIKTOK_APP_KEY=file\n")
    config.environment()
    assert "TIKTOK_APP_KEY" not in os.environ


@pytest.mark.parametrize(
    "content", [b"\xff\xfeT\x00I\x00", b"TIKTOK_APP_KEY=\xe9t\xe9\n"], ids=["UTF-16", "latin-1"]
)
def test_environment__an_env_file_that_is_no_utf8_is_said_so(content):
    Path(".env").write_bytes(content)
    with pytest.raises(SettingsError, match=r"\.env.*UTF-8"):
        config.environment()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root reads every file")
def test_environment__an_env_file_that_may_not_be_read_is_said_so():
    Path(".env").touch(mode=0o000)
    with pytest.raises(SettingsError, match=r"\.env: Permission denied"):
        config.environment()


def test_environment__an_env_file_with_a_bom():
    Path(".env").write_bytes(b"\xef\xbb\xbfTIKTOK_APP_KEY=file\n")
    assert config.environment() == {"TIKTOK_APP_KEY": "file"}


# No secret in any error


@pytest.mark.parametrize(
    "rest", [{}, {"TTSFRAME_RATE": "many"}, {"TTSFRAME_BASE_URL": "http://gateway.example"}]
)
@pytest.mark.parametrize("missing", NEEDED)
def test_read__no_error_holds_a_secret(missing, rest):
    environ = {name: value for name, value in (ENVIRON | rest).items() if name != missing}
    message, printed = refused(environ)
    assert missing in message
    assert not any(secret in printed for secret in SECRETS)


@pytest.mark.parametrize("before", ["https://user:", "https://:", "//user:", "user:", "https://a//b/"])
def test_read__the_password_of_an_address_is_not_shown(before):
    _, printed = refused({**ENVIRON, "TTSFRAME_BASE_URL": f"{before}hunter2pass@gateway.example"})
    assert "hunter2pass" not in printed


# Tracebacks with the values of every frame, as crash reporters and `%xmode Verbose` print them


def shown_with_locals(error):
    """All that a traceback with locals says of an error and those behind it; without the tests' frames."""
    parts, todo, seen = [], [error], []
    while todo:
        one = todo.pop()
        if one is None or one in seen:
            continue
        seen.append(one)
        todo += [one.__cause__, one.__context__]
        for frame, _ in traceback.walk_tb(one.__traceback__):
            if Path(frame.f_code.co_filename).is_relative_to(Path(config.__file__).parent):
                parts.append(repr(frame.f_locals))
        parts += [str(one), repr(one), repr(vars(one))]
    return "\n".join(parts)


BAD_ENVIRONMENTS = {
    **{name: {**ENVIRON, name: texts[0]} for name, texts in MALFORMED.items()},
    **{f"dirt in {name}": {**ENVIRON, name: f"{value} x"} for name, value in ENVIRON.items()},
    **{f"no {name}": {key: ENVIRON[key] for key in ENVIRON if key != name} for name in NEEDED},
    "password in an address": {**ENVIRON, "TTSFRAME_BASE_URL": "https://user:pass-word@gateway.example"},
}


@pytest.mark.parametrize("environ", BAD_ENVIRONMENTS.values(), ids=BAD_ENVIRONMENTS)
def test_errors__show_no_secret_in_the_locals_of_a_traceback(environ, monkeypatch):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    for call in (
        lambda: config.read(config.environment()),
        Shop.from_env,
        lambda: tts.lookup(["577000000000000001"]),
    ):
        with pytest.raises(SettingsError) as caught:
            call()
        shown = shown_with_locals(caught.value)
        assert not [secret for secret in (*SECRETS, "pass-word") if secret in shown]


def test_errors__of_an_unknown_setting_show_no_secret_either(monkeypatch):
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        Shop.from_env(speed=5)
    assert not [secret for secret in SECRETS if secret in shown_with_locals(caught.value)]


def test_errors__of_an_unreadable_env_file_show_no_secret_either(monkeypatch, tmp_path):
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    (tmp_path / ".env").write_bytes(b"TTSFRAME_RATE=\xff\xfe")
    with pytest.raises(SettingsError) as caught:
        config.environment()
    assert not [secret for secret in SECRETS if secret in shown_with_locals(caught.value)]


@pytest.mark.parametrize("text", ["9" * 400, "9" * 5000 + "d", "1e999"])
def test_seconds__without_end_are_refused(text):
    with pytest.raises(ValueError, match="is not a duration"):
        config.seconds(text)
    with pytest.raises(SettingsError, match="outage"):
        Settings(outage=text)

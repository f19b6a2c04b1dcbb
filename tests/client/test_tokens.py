"""Renewed tokens kept between runs: for the user alone, whole or not at all, one renewal at a time."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import json
import logging
import os
import stat
import subprocess
import sys
import threading
import time

import filelock
import pytest

from ttsframe.client import tokens
from ttsframe.client.tokens import TokenPair, TokenStore
from ttsframe.config import Credentials

CREDENTIALS = Credentials("29a39dkey", "app-secret-1", "ROW_access-1", "GCP_cipher-1", "ROW_refresh-1")
RENEWED = TokenPair("ROW_access-2", "ROW_refresh-2")

posix = pytest.mark.skipif(os.name == "nt", reason="file modes are POSIX")


@pytest.fixture
def file(tmp_path):
    return tmp_path / "config" / "ttsframe" / "tokens.json"


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("pair", [RENEWED, TokenPair("ROW_access-2", None)])
def test_tokens__a_kept_pair_is_found_by_the_next_run(file, pair):
    TokenStore(file).write(CREDENTIALS, pair)
    assert TokenStore(file).read(CREDENTIALS) == pair


def test_tokens__nothing_kept_is_none(file):
    assert TokenStore(file).read(CREDENTIALS) is None
    assert not file.parent.exists()


def test_tokens__the_last_pair_stands(file):
    TokenStore(file).write(CREDENTIALS, RENEWED)
    TokenStore(file).write(CREDENTIALS, TokenPair("ROW_access-3", "ROW_refresh-3"))
    assert TokenStore(file).read(CREDENTIALS) == TokenPair("ROW_access-3", "ROW_refresh-3")


@pytest.mark.parametrize(
    "change", [{"access_token": "ROW_access-9"}, {"refresh_token": "ROW_refresh-9"}, {"refresh_token": None}]
)
def test_tokens__another_pair_in_the_environment_wins(file, change):
    TokenStore(file).write(CREDENTIALS, RENEWED)
    assert TokenStore(file).read(dataclasses.replace(CREDENTIALS, **change)) is None


@pytest.mark.parametrize("change", [{"app_key": "other"}, {"access_token": "ROW_access-of-another-seller"}])
def test_tokens__each_app_and_seller_has_its_own(file, change):
    other = dataclasses.replace(CREDENTIALS, **change)
    TokenStore(file).write(CREDENTIALS, RENEWED)
    assert TokenStore(file).read(other) is None
    TokenStore(file).write(other, TokenPair("ROW_access-4", "ROW_refresh-4"))
    assert TokenStore(file).read(CREDENTIALS) == RENEWED
    assert TokenStore(file).read(other) == TokenPair("ROW_access-4", "ROW_refresh-4")


@pytest.mark.parametrize("shop_cipher", ["GCP_other", ""])
def test_tokens__every_shop_of_a_seller_finds_the_pair_and_so_does_who_knows_no_shop(file, shop_cipher):
    TokenStore(file).write(CREDENTIALS, RENEWED)
    other = dataclasses.replace(CREDENTIALS, shop_cipher=shop_cipher)
    assert TokenStore(file).read(other) == RENEWED
    TokenStore(file).write(other, TokenPair("ROW_access-3", "ROW_refresh-3"))
    assert TokenStore(file).read(CREDENTIALS) == TokenPair("ROW_access-3", "ROW_refresh-3")


def age(file, days):
    """Make every kept pair so many days older."""
    entries = json.loads(file.read_text())
    for entry in entries.values():
        entry["written_at"] -= days * 86_400
    file.write_text(json.dumps(entries))


def test_tokens__a_pair_that_nobody_renews_any_more_goes_after_a_year(file):
    sellers = [dataclasses.replace(CREDENTIALS, access_token=f"ROW_access-of-{name}") for name in "ab"]
    TokenStore(file).write(sellers[0], RENEWED)
    age(file, 300)
    TokenStore(file).write(sellers[1], RENEWED)
    assert TokenStore(file).read(sellers[0]) == RENEWED
    age(file, 100)
    TokenStore(file).write(CREDENTIALS, RENEWED)
    assert TokenStore(file).read(sellers[0]) is None
    assert TokenStore(file).read(sellers[1]) == RENEWED


@posix
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_tokens__file_and_folder_are_the_users_alone(file, umask):
    before = os.umask(umask)
    try:
        TokenStore(file).write(CREDENTIALS, RENEWED)
    finally:
        os.umask(before)
    assert mode(file) == 0o600
    assert mode(file.parent) == 0o700


@posix
def test_tokens__a_file_others_could_read_is_closed_to_them(file):
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    file.chmod(0o644)
    TokenStore(file).write(CREDENTIALS, RENEWED)
    assert mode(file) == 0o600


def test_tokens__the_file_names_no_app_shop_or_earlier_token(file):
    TokenStore(file).write(CREDENTIALS, RENEWED)
    text = file.read_text()
    kept = (CREDENTIALS.app_key, CREDENTIALS.shop_cipher, CREDENTIALS.access_token, CREDENTIALS.app_secret)
    assert not any(value in text for value in kept)


def test_tokens__a_write_that_fails_half_way_leaves_the_old_file(file, monkeypatch, caplog):
    TokenStore(file).write(CREDENTIALS, RENEWED)
    before = file.read_bytes()

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with caplog.at_level(logging.WARNING, "ttsframe"):
        TokenStore(file).write(CREDENTIALS, TokenPair("ROW_access-3", "ROW_refresh-3"))
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert "No space left on device" in caplog.text
    assert "ROW_" not in caplog.text


def test_tokens__a_folder_that_cannot_be_made_is_logged(tmp_path, caplog):
    (tmp_path / "blocked").write_text("a file where a folder should be")
    kept = TokenStore(tmp_path / "blocked" / "tokens.json")
    with caplog.at_level(logging.WARNING, "ttsframe"), kept.locked():
        kept.write(CREDENTIALS, RENEWED)
    assert "cannot be saved" in caplog.text
    assert "ROW_" not in caplog.text
    assert kept.read(CREDENTIALS) is None


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"null", b"[]", b"7", b"\xff\xfe", b"[" * 100_000, b'{"a": 1}'],
    ids=["empty", "cut", "null", "list", "number", "no UTF-8", "deep", "other"],
)
def test_tokens__a_corrupt_file_is_passed_over_and_replaced(file, content):
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    assert TokenStore(file).read(CREDENTIALS) is None
    TokenStore(file).write(CREDENTIALS, RENEWED)
    assert TokenStore(file).read(CREDENTIALS) == RENEWED


@pytest.mark.parametrize(
    "change",
    [{"access_token": None}, {"access_token": 7}, {"refresh_token": 7}, {"access_token": ""}],
)
def test_tokens__a_corrupt_entry_is_passed_over(file, change):
    TokenStore(file).write(CREDENTIALS, RENEWED)
    entries = json.loads(file.read_text())
    file.write_text(json.dumps({name: entry | change for name, entry in entries.items()}))
    assert TokenStore(file).read(CREDENTIALS) is None


def test_pair__shows_no_secret():
    assert "ROW_" not in repr(RENEWED)
    assert "ROW_" not in f"{RENEWED} {[RENEWED]}"


def test_default_file__lies_in_the_user_config_folder(tmp_path):
    assert tokens.default_file() == tmp_path / "home" / "config" / "ttsframe" / "tokens.json"


# The lock. A store that does not get it goes on after `_LOCK_SECONDS`, so these wait for ever or not at all.

HOLD = (
    "import pathlib, sys; from ttsframe.client.tokens import TokenStore\n"
    "with TokenStore(pathlib.Path(sys.argv[1])).locked(): print('locked', flush=True); sys.stdin.read()"
)


@pytest.fixture
def patient(monkeypatch):
    monkeypatch.setattr(tokens, "_LOCK_SECONDS", -1)


def is_free(file):
    try:
        with filelock.FileLock(f"{file}.lock", timeout=0):
            return True
    except filelock.Timeout:
        return False


@pytest.fixture
def holder(file):
    """Another process that holds the lock until its standard input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline().strip() == b"locked"
        yield process
        process.kill()


def test_locked__holds_the_lock_and_gives_it_back(file):
    for _ in range(2):
        with TokenStore(file).locked():
            assert not is_free(file)
        assert is_free(file)


def test_locked__is_given_back_after_an_error(file):
    with pytest.raises(RuntimeError, match="refused"), TokenStore(file).locked():
        raise RuntimeError("refused")
    assert is_free(file)


@posix
@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_locked__lock_and_folder_are_the_users_alone(file, umask):
    before = os.umask(umask)
    try:
        with TokenStore(file).locked():
            assert mode(file.with_name("tokens.json.lock")) == 0o600
    finally:
        os.umask(before)
    assert mode(file.parent) == 0o700


def test_locked__waits_for_another_process_to_end(file, holder, patient):
    order = []

    def refresh():
        with TokenStore(file).locked():
            order.append("entered")

    thread = threading.Thread(target=refresh, daemon=True)
    thread.start()
    thread.join(timeout=0.2)
    order.append("released")
    holder.stdin.close()
    thread.join(timeout=60)
    assert order == ["released", "entered"]


def test_locked__a_killed_process_leaves_no_lock(file, holder, patient):
    holder.kill()
    holder.wait()
    with TokenStore(file).locked():
        assert not is_free(file)


def test_locked__another_that_never_ends_is_passed_over(file, holder, monkeypatch):
    monkeypatch.setattr(tokens, "_LOCK_SECONDS", 0.05)
    with TokenStore(file).locked():
        assert holder.poll() is None


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOLCK, "no locks"),
        OSError(errno.ENOSYS, "no flock"),
        PermissionError(errno.EACCES, "no"),
    ],
    ids=["network disk", "no flock", "read-only"],
)
def test_locked__goes_on_where_no_lock_can_be_had(file, monkeypatch, error, patient):
    def fail(_lock):
        raise error

    monkeypatch.setattr(filelock.FileLock, "_acquire", fail)
    with TokenStore(file).locked():
        TokenStore(file).write(CREDENTIALS, RENEWED)
    assert TokenStore(file).read(CREDENTIALS) == RENEWED


def test_locked__one_at_a_time(file, patient):
    inside, most = [], []

    def refresh():
        with TokenStore(file).locked():
            inside.append(1)
            time.sleep(0.01)
            most.append(len(inside))
            inside.pop()

    threads = [threading.Thread(target=refresh, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert most == [1] * 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks are POSIX")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_locked__a_forked_child_does_not_release_the_lock_of_its_parent(file):
    with contextlib.ExitStack() as held:
        held.enter_context(TokenStore(file).locked())
        child = os.fork()
        if not child:
            with contextlib.suppress(BaseException):
                held.close()
                os._exit(0)
            os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        assert not is_free(file)
    assert is_free(file)

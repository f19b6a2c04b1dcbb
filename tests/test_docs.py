"""README and manual say what the code does: blocks run and show what stands beneath, tables are new.

A block of `python` or `sh` runs, those of one page one after the other; a block of `text` right under it is
what it shows. What installs, or stands in a file, is a block of another language.
"""

from __future__ import annotations

import re

import check_site
import pandas as pd
import pytest
from support import manual
from support.manual import ROOT

import ttsframe as tts
from docs import generated, pictures
from ttsframe import columns

README = ROOT / "README.md"
PAGES = {path.relative_to(ROOT / "docs").as_posix(): path for path in generated.PAGES}
TEXTS = {"README.md": README} | PAGES
WITH_CODE = [name for name, path in TEXTS.items() if manual.blocks(path.read_text(), "python", "sh")]


@pytest.fixture
def at_home(tmp_path, monkeypatch):
    with manual.home(tmp_path, monkeypatch, count=240) as orders:
        yield orders


@pytest.mark.parametrize("page", WITH_CODE)
def test_page__blocks_run_and_show_what_it_says(page, at_home, monkeypatch, capsys):
    names = {"tts": tts, "pd": pd}
    for block in manual.blocks(TEXTS[page].read_text(), "python", "sh"):
        if block.language == "python":
            shown = manual.run_python(block.code, names)
        else:
            shown = manual.run_shell(block.code, monkeypatch, capsys)
        if block.output is not None:
            assert manual.same(shown, block.output), f"{page}:{block.line} shows\n{shown}"


def test_pages__have_code():
    assert len(WITH_CODE) >= 15


def test_pages__are_all_in_the_menu():
    menu = (ROOT / "mkdocs.yml").read_text().split("\nnav:\n")[1]
    notebooks = [f"notebooks/{path.stem}.md" for path in (ROOT / "notebooks").glob("*.ipynb")]
    assert sorted(re.findall(r"[\w/-]+\.md", menu)) == sorted([*PAGES, *notebooks])


def test_pages__name_all_that_is_generated():
    named = {name for path in PAGES.values() for name in generated.marked(path.read_text())}
    assert named == set(generated.GENERATED)


@pytest.mark.parametrize("page", PAGES)
def test_page__tables_are_the_codes(page):
    written = PAGES[page].read_text()
    assert written == generated.with_tables(written), "run: python -m docs.generated"


def test_readme__leads_to_files_that_are_there():
    links = re.findall(r"\]\(([^)#]+)\)", README.read_text())
    assert len(links) > 20
    assert not [link for link in links if not (ROOT / link).exists()]


@pytest.mark.parametrize("name", generated.SITE_ONLY)
def test_generated__is_there(name):
    assert generated.GENERATED[name]().strip()


def test_pictures__show_every_status():
    statuses = columns.MATCH_STATUSES | columns.MATCH_GUESSED
    assert set(pictures.EXAMPLES) == set(statuses)
    assert all(len(pictures.rows_of(status)) for status in statuses)


def test_pictures__show_what_match_says():
    assert "#1001" in pictures.picture("matched")
    assert "no order on Shopify" in pictures.picture("only_tiktok")
    assert pictures.picture("duplicate").count("<line") == 2
    assert pictures.picture("conflict").count("<line") == 2


def test_docstrings__have_markdown_tables():
    docstrings = pytest.importorskip("docs.docstrings")
    drawn = "Text.\n\n====  ======\nhead  second\n====  ======\na     b c\n====  ======\n\nMore."
    written = "Text.\n\n| head | second |\n| --- | --- |\n| a | b c |\n\nMore."
    assert docstrings.with_markdown_tables(drawn) == written


def test_check_site__tells_broken_links_and_other_hosts(tmp_path):
    (tmp_path / "a.html").write_text('<a href="b.html#here">b</a> <a href="c.html">c</a>')
    (tmp_path / "b.html").write_text('<h1 id="there">b</h1><script src="https://cdn.example/x.js"></script>')
    pages = {path: check_site.Page(path) for path in sorted(tmp_path.glob("*.html"))}
    broken = list(check_site.broken_links(tmp_path, pages))
    assert broken == ["a.html: b.html#here has no such heading", "a.html: c.html"]
    assert list(check_site.from_elsewhere(tmp_path, pages)) == ["b.html: https://cdn.example/x.js"]

"""Check the manual as it was built: every link leads somewhere, and nothing comes from another host.

    python tests/check_site.py SITE

Where Chromium is installed, the pages are also opened from the disk: each fits a phone, and the search finds.
"""

from __future__ import annotations

import re
import sys
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from support.report_browser import Browser, programs

MOST_INDEX_BYTES = 2_000_000
_LOADED = {("script", "src"), ("img", "src"), ("link", "href"), ("iframe", "src"), ("source", "src")}


class Page(HTMLParser):
    """The ids and links of a page."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.loaded = set(), [], []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("id", "name") and value:
                self.ids.add(value)
            elif name in ("href", "src") and value:
                (self.loaded if (tag, name) in _LOADED else self.links).append(value)


def broken_links(site, pages):
    """Each link that leads nowhere, as text."""
    for path, page in pages.items():
        for link in (*page.links, *page.loaded):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchor = unquote(parts.fragment)
            if not target.is_file():
                yield f"{path.relative_to(site)}: {link}"
            elif anchor and target in pages and anchor not in pages[target].ids:
                yield f"{path.relative_to(site)}: {link} has no such heading"


def from_elsewhere(site, pages):
    """What a page would load from another host, as text."""
    for path, page in pages.items():
        yield from (f"{path.relative_to(site)}: {link}" for link in page.loaded if "//" in link)
    for path in site.rglob("*.css"):
        yield from (
            f"{path.relative_to(site)}: {link}"
            for link in re.findall(r"url\((?:'|\")?((?:https?:)?//[^)]+)", path.read_text())
        )


_PHONE = 400
_TOO_WIDE = "return document.documentElement.scrollWidth > arguments[0]"
_FOUND = "return [...document.querySelectorAll('.md-search-result__item h1')].map(e => e.textContent.trim())"
_SEARCHED = {"5.8E+17": "Excel and order ids", "first of each month": "Run it on a schedule"}


def in_a_browser(site, pages):
    """What is wrong with the pages as they are seen, as text; they are opened without any server."""
    with tempfile.TemporaryDirectory() as folder:
        browser = Browser(Path(folder))
        try:
            browser.window(_PHONE, 900)
            for path in pages:
                browser.open(path)
                if browser.run(_TOO_WIDE, _PHONE):
                    yield f"{path.relative_to(site)} is wider than a phone"
            browser.window(1280, 1000)
            for words, wanted in _SEARCHED.items():
                browser.open(site / "index.html")
                browser.click(".md-search__input")
                browser.write(".md-search__input", words)
                found = browser.wait(_FOUND)
                if found[0] != wanted:
                    yield f"the search for {words!r} finds {found}"
            yield from browser.messages()
        finally:
            browser.close()


def main(folder):
    site = Path(folder).resolve()
    pages = {path: Page(path) for path in sorted(site.rglob("*.html")) if path.name != "404.html"}
    problems = [*broken_links(site, pages), *from_elsewhere(site, pages)]
    seen = all(programs())
    if seen:
        problems += in_a_browser(site, pages)
    index_bytes = (site / "search" / "search_index.js").stat().st_size
    if index_bytes > MOST_INDEX_BYTES:
        problems.append(f"the search index has {index_bytes:,} bytes, more than {MOST_INDEX_BYTES:,}")
    links = sum(len(page.links) + len(page.loaded) for page in pages.values())
    print(f"{len(pages)} pages, {links:,} links, search index {index_bytes / 1000:,.0f} kB, ", end="")
    print("seen in a browser" if seen else "not seen in a browser: there is none")
    print("\n".join(problems) or "no broken link, nothing from another host")
    return 1 if problems or not pages else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

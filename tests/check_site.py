"""Check the manual as it was built: every link leads somewhere, and nothing comes from another host.

python tests/check_site.py SITE
"""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

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


def main(folder):
    site = Path(folder).resolve()
    pages = {path: Page(path) for path in sorted(site.rglob("*.html")) if path.name != "404.html"}
    problems = [*broken_links(site, pages), *from_elsewhere(site, pages)]
    index_bytes = (site / "search" / "search_index.js").stat().st_size
    if index_bytes > MOST_INDEX_BYTES:
        problems.append(f"the search index has {index_bytes:,} bytes, more than {MOST_INDEX_BYTES:,}")
    links = sum(len(page.links) + len(page.loaded) for page in pages.values())
    print(f"{len(pages)} pages, {links:,} links, search index {index_bytes / 1000:,.0f} kB")
    print("\n".join(problems) or "no broken link, nothing from another host")
    return 1 if problems or not pages else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

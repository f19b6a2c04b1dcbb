"""How docstrings become Markdown: the tables in them are drawn as reStructuredText draws tables."""

from __future__ import annotations

import re

import griffe

_RULE = re.compile(r"^=+( +=+)+$")


class MarkdownTables(griffe.Extension):
    """Gives each docstring Markdown's tables before it is read."""

    def on_object(self, *, obj, **_):
        if obj.docstring:
            obj.docstring.value = with_markdown_tables(obj.docstring.value)


def with_markdown_tables(text):
    """A text with its tables as Markdown: three lines of `===` around head and rows."""
    lines, rules = [], 0
    for line in text.splitlines():
        if _RULE.match(line):
            rules = (rules + 1) % 3
            starts = [found.start() for found in re.finditer(r"=+", line)]
            if rules == 2:
                lines.append("| " + " | ".join("---" for _ in starts) + " |")
        elif rules:
            ends = [*starts[1:], None]
            cells = [line[start:end].strip() for start, end in zip(starts, ends, strict=True)]
            lines.append("| " + " | ".join(cells) + " |")
        else:
            lines.append(line)
    return "\n".join(lines)

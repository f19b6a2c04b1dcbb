"""The Markdown extension that fills the pages of the site with what `generated` makes."""

from __future__ import annotations

from markdown import Extension
from markdown.preprocessors import Preprocessor

from docs import generated


class _Fill(Preprocessor):
    def run(self, lines):
        return generated.filled("\n".join(lines)).split("\n")


class _Generated(Extension):
    def extendMarkdown(self, md):  # noqa: N802 - as Markdown calls it
        md.preprocessors.register(_Fill(md), "generated", 1000)


def makeExtension(**_):  # noqa: N802 - as Markdown calls it
    return _Generated()

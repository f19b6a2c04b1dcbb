"""The examples in the docstrings of the public names run, and say what they say."""

from __future__ import annotations

import doctest

import pytest

import ttsframe

EXAMPLES = [
    test
    for name in ttsframe.__all__
    if getattr(getattr(ttsframe, name), "__doc__", None)
    for test in doctest.DocTestFinder(recurse=False).find(getattr(ttsframe, name), name, globs={})
    if test.examples
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_docstring__example_runs(example):
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    failures = []
    runner.run(example, out=failures.append)
    assert not failures, "".join(failures)


def test_docstrings__have_examples():
    named = {example.name for example in EXAMPLES}
    assert {"lookup", "plan", "attach", "match", "Match", "compare", "Shop"} <= named
    assert {"read_tiktok_orders", "read_shopify_orders", "read_tiktok_settlement"} <= named

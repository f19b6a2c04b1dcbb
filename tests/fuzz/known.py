"""Defects that the fuzzer has found and that are not fixed yet; both lists only shrink."""

LEFT_OUT: set[str] = set()
"""What the kinds do not try; `run.py --everything` does."""

KNOWN: list[tuple[str, str]] = []
"""Kind, and words of the signature that `run.py` prints."""


def tries(feature):
    """Whether the kinds try this feature."""
    return feature not in LEFT_OUT

"""Defects that the fuzzer has found and that are not fixed yet; both lists only shrink."""

LEFT_OUT: set[str] = set()
"""What the kinds do not try; `run.py --everything` does."""

KNOWN = [
    ("frames", "unexpected InputError in inputs."),  # dates in an arrow column of text are refused
    ("frames", "Wrong to_csv does not read back"),  # `compare` keeps the ="…" of an id of 21 digits
    ("cache", "Wrong a refused cache file is changed"),  # a side file of random bytes beside it is deleted
    ("cache", "Wrong a row gives an id that is not in it"),  # a damaged index leads to another order's row
]
"""Kind, and words of the signature that `run.py` prints."""


def tries(feature):
    """Whether the kinds try this feature."""
    return feature not in LEFT_OUT

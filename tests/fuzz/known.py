"""Defects that the fuzzer has found and that are not fixed yet; both lists only shrink."""

LEFT_OUT = {
    # a cell at XFD1048576 makes the workbook reader ask for 550 GB, and the interpreter aborts
    "far_cells",
    "long_ids",  # `match` takes 21 digits and more for an order id
    "string_view",  # arrow's string_view ends `match` in NotImplementedError
    "arrow_decimal",  # `match` refuses arrow's decimal128 as text
    "nameless_conflicts",  # a Shopify order without id and name in a conflict: TypeError
}
"""What the kinds do not try; `run.py --everything` does."""

KNOWN = [
    ("frames", "AttributeError in inputs."),  # a doubled column
    ("frames", "AttributeError in keys."),
    ("frames", "TypeError in inputs."),  # cells that cannot be hashed
    ("frames", "TypeError in reconcile.match"),  # tolerance="x"
    ("cache", "Wrong a row gives an id that is not in it"),  # a damaged index leads to another order's row
]
"""Kind, and words of the signature that `run.py` prints."""


def tries(feature):
    """Whether the kinds try this feature."""
    return feature not in LEFT_OUT

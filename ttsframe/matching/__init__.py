"""Which TikTok Shop order is which Shopify order, and where the two disagree.

In the order in which an order walks through them: `inputs` (columns), `links` (what each source says),
`pairing` (pairs, and what contradicts them), `heuristic` (pairs by amount and time, on request), `align` with
`currencies` (both sides beside each other), `explain` (what differences are made of), `classify` with
`absence` (statuses and reasons), `frame` with `evidence` (the result's columns), `bridge` (from one total to
the other), `tie_out` (from the files to the totals). `reconcile` holds `match`, which calls them; `result` is
what it returns, and `compare` takes two of those.
"""

from ttsframe.matching.compare import compare
from ttsframe.matching.reconcile import match
from ttsframe.matching.result import Match

__all__ = ["Match", "compare", "match"]

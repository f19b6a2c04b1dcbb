"""Which TikTok Shop order is which Shopify order, and where the two disagree.

The stages: `inputs` (columns), `claims` (what each source says), `pairing` (pairs, conflicts,
doubles), `conflicts` (what is against what), `verdicts` (statuses, reasons), `result` (`Match`),
`compare` (two results).
"""

from ttsframe.match.compare import compare
from ttsframe.match.reconcile import match
from ttsframe.match.result import Match

__all__ = ["Match", "compare", "match"]

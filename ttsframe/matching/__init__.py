"""Which TikTok Shop order is which Shopify order, and where the two disagree.

The stages: `inputs` (columns), `claims` (what each source says), `pairing` (pairs, conflicts,
doubles), `conflicts` (what is against what), `verdicts` (statuses, reasons), `result` (`Match`),
`compare` (two results).
"""

from ttsframe.matching.compare import compare
from ttsframe.matching.reconcile import match
from ttsframe.matching.result import Match

__all__ = ["Match", "compare", "match"]

"""Counts over what a sandbox was asked, for audits."""

from __future__ import annotations

from collections import Counter

from ttsframe.sandbox import Entry

_UNSIGNED = frozenset({"refresh", "home", "unknown"})


class Audit(list[Entry]):
    """A sandbox's log, with the counts that audits need."""

    @property
    def requests(self) -> list[Entry]:
        """The requests of signed operations."""
        return [entry for entry in self if entry.operation not in _UNSIGNED]

    @property
    def throttled(self) -> list[Entry]:
        """The requests refused for rate."""
        return [entry for entry in self if entry.outcome == "throttled"]

    @property
    def refreshes(self) -> list[Entry]:
        """The refreshes of the token that were granted."""
        return [entry for entry in self if entry.operation == "refresh" and entry.outcome == "good"]

    @property
    def good_answers(self) -> Counter[tuple[str, str]]:
        """How often each order and platform had a good answer."""
        return Counter(
            (entry.order_id or "", entry.platform or "")
            for entry in self
            if entry.operation == "get_references" and entry.outcome == "good"
        )

    @property
    def asked_after_good_answer(self) -> Counter[tuple[str, str]]:
        """How often each order and platform was asked for once more than needed."""
        answered: set[tuple[str, str]] = set()
        again: Counter[tuple[str, str]] = Counter()
        for entry in self:
            if entry.operation == "get_references":
                key = (entry.order_id or "", entry.platform or "")
                again[key] += key in answered
                if entry.outcome == "good":
                    answered.add(key)
        return +again

    @property
    def connections(self) -> int:
        """How many connections carried a request."""
        return len({entry.connection for entry in self})

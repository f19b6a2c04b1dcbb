"""How long `import ttsframe` takes, beside the import of pandas.

python tests/benchmarks/imports.py [--rounds 9]
"""

from __future__ import annotations

import argparse
import statistics
import sys

from measuring import Section, machine, seconds_of, spread, verdict

OURS = "import ttsframe"
THEIRS = "import pandas"
MOST_RATIO = 1.1


def section(*, rounds: int = 9) -> Section:
    """Measure in fresh interpreters, in turn, and make the table."""
    took: dict[str, list[float]] = {"pass": [], THEIRS: [], OURS: []}
    for code in took:  # what is read from disk once is in memory from then on
        seconds_of([sys.executable, "-c", code])
    for _ in range(rounds):
        for code, seconds in took.items():
            seconds.append(seconds_of([sys.executable, "-c", code]))
    start = statistics.median(took.pop("pass"))
    ratio = (statistics.median(took[OURS]) - start) / (statistics.median(took[THEIRS]) - start)
    own = (f"{ratio:.2f} ×", f"{MOST_RATIO} ×", verdict(met=ratio <= MOST_RATIO))
    return Section(
        "Import, in fresh interpreters (their own start left out)",
        f"python tests/benchmarks/imports.py --rounds {rounds}",
        ("", "seconds", "ratio", "asked", ""),
        [
            (f"`{THEIRS}`", spread([seconds - start for seconds in took[THEIRS]]), "", "", ""),
            (f"`{OURS}`", spread([seconds - start for seconds in took[OURS]]), *own),
        ],
    )


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    print(f"{machine()}\n")
    print(section(rounds=options.rounds).markdown())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

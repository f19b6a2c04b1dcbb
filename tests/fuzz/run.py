"""Try ttsframe on odd inputs for a while: every outcome is a TtsframeError, right, or a defect.

python tests/fuzz/run.py --seconds 60                   # a random seed, printed
python tests/fuzz/run.py --kind frames --seed 17 --count 1   # one input again, with its traceback
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests")] * (str(ROOT / "tests") not in sys.path)
sys.path[:0] = [str(ROOT)] * (str(ROOT) not in sys.path)

from fuzz import answers, cache, files, frames  # noqa: E402
from fuzz.known import KNOWN, LEFT_OUT  # noqa: E402

from ttsframe import TtsframeError  # noqa: E402

KINDS = {"frames": frames, "files": files, "answers": answers, "cache": cache}
# Shares of the time: a body is read in microseconds, a frame takes a hundred milliseconds.
SHARES = {"frames": 4, "files": 3, "answers": 1, "cache": 2}
_HANGS_AFTER_SECONDS = 60
_MOST_BYTES = 6 << 30


class Failure(NamedTuple):
    """One input that ended in neither a right result nor a TtsframeError."""

    kind: str
    seed: int
    signature: str
    """What tells this defect from others: the error, and where in ttsframe it was raised."""
    text: str


def one(kind: str, seed: int, folder: Path) -> tuple[int, Counter, Failure | None]:
    """Try the input of one seed: how many cases it held, their outcomes, and the failure if it is one."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            signal.alarm(_HANGS_AFTER_SECONDS)
            count, outcomes = KINDS[kind].attempt(random.Random(f"{kind} {seed}"), folder)
    except Exception as error:  # noqa: BLE001 - whatever comes out is the finding
        return 1, Counter(), Failure(kind, seed, _signature(error), traceback.format_exc())
    finally:
        signal.alarm(0)
    return count, outcomes, None


def is_known(failure: Failure) -> bool:
    """Whether the defect stands in the list of those that are not fixed yet."""
    return any(failure.kind == kind and words in failure.signature for kind, words in KNOWN)


def _signature(error: BaseException) -> str:
    frames_ = [frame for frame in traceback.extract_tb(error.__traceback__) if "/ttsframe/" in frame.filename]
    where = f"{Path(frames_[-1].filename).stem}.{frames_[-1].name}" if frames_ else "-"
    if type(error).__name__ == "Wrong":
        return f"Wrong {str(error).partition(':')[0]}"
    what = "unexpected " if isinstance(error, TtsframeError) else ""
    return f"{what}{type(error).__name__} in {where}"


def _hangs(*_: object) -> None:
    raise TimeoutError(f"no end within {_HANGS_AFTER_SECONDS} s")


def run(kinds: list[str], seconds: float, seed: int, count: int | None) -> dict[str, list[Failure]]:
    """Try seed, seed + 1, … of the kinds in turn, and tell what came of it."""
    inputs, calls, spent = Counter(), Counter(), Counter()
    outcomes = defaultdict(Counter)
    failures: dict[str, list[Failure]] = defaultdict(list)
    until = time.monotonic() + seconds
    signal.signal(signal.SIGALRM, _hangs)
    with tempfile.TemporaryDirectory(prefix="ttsframe-fuzz-") as scratch:
        # Survives an interpreter that is killed: the input that did it.
        note = Path(tempfile.gettempdir()) / f"ttsframe-fuzz-{os.getpid()}"
        at_work = os.open(note, os.O_CREAT | os.O_RDWR)
        while time.monotonic() < until and (count is None or sum(calls.values()) < count):
            kind = min(kinds, key=lambda name: spent[name] / SHARES[name])
            nth = seed + calls[kind]
            os.pwrite(at_work, f"{kind} {nth}\n".ljust(40).encode(), 0)
            start = time.process_time()
            cases, outcome, failure = one(kind, nth, Path(scratch))
            spent[kind] += time.process_time() - start
            calls[kind] += 1
            inputs[kind] += cases
            outcomes[kind] += outcome
            if failure:
                outcomes[kind]["known defect" if is_known(failure) else "DEFECT"] += 1
                if not failures[failure.signature]:
                    known = " (known)" if is_known(failure) else ""
                    print(f"--kind {kind} --seed {nth} --count 1: {failure.signature}{known}", flush=True)
                failures[failure.signature].append(failure)
        os.close(at_work)
        note.unlink()
    for kind in kinds:
        rate = inputs[kind] / max(spent[kind], 1e-9)
        print(
            f"{kind}: {inputs[kind]:,} inputs in {calls[kind]:,} calls, {rate:,.0f} a second; {dict(outcomes[kind])}"
        )
    total = sum(inputs.values())
    print(f"all: {total:,} inputs, {total / max(sum(spent.values()), 1e-9):,.0f} a second")
    return failures


def main(argv: list[str] | None = None) -> int:
    """Return 1 where a defect was found that is not known."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, help="of the first call; by default a random one")
    parser.add_argument("--kind", choices=["all", *KINDS], default="all")
    parser.add_argument("--count", type=int, help="stop after so many calls")
    parser.add_argument("--everything", action="store_true", help="also what is known to fail")
    options = parser.parse_args(argv)
    if options.everything:
        LEFT_OUT.clear()
    seed = random.SystemRandom().randrange(10**9) if options.seed is None else options.seed
    kinds = list(KINDS) if options.kind == "all" else [options.kind]
    # An input that asks for all memory must not take the machine's.
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
    print(f"fuzzing {', '.join(kinds)} from seed {seed}", flush=True)
    failures = run(kinds, options.seconds, seed, options.count)
    for signature, several in failures.items():
        print(f"{len(several):,} × {signature}; seeds {', '.join(str(each.seed) for each in several[:5])}")
        if options.count == 1:
            print(several[0].text)
    return int(any(not is_known(several[0]) for several in failures.values()))


if __name__ == "__main__":
    sys.exit(main())

"""Check what `python -m build` made: the wheel holds the package only, the sdist all that git has.

python tests/check_release.py DIST
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOT_RELEASED = {".ci/run", ".pre-commit-config.yaml"}
OF_EVERY_WHEEL = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}


def tracked(*folders):
    """The files that git knows."""
    listed = subprocess.run(
        ["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(listed.stdout.splitlines())


def differences(name, held, wanted):
    """What a file holds and should not, and the other way round, as text."""
    yield from (f"{name} holds {file}" for file in sorted(held - wanted))
    yield from (f"{name} lacks {file}" for file in sorted(wanted - held))


def main(folder):
    (wheel,) = Path(folder).glob("*.whl")
    (sdist,) = Path(folder).glob("*.tar.gz")
    release = sdist.name.removesuffix(".tar.gz")
    in_wheel = set(zipfile.ZipFile(wheel).namelist())
    with tarfile.open(sdist) as archive:
        in_sdist = {member.name.removeprefix(f"{release}/") for member in archive if member.isfile()}
    of_every_wheel = {f"{release}.dist-info/{name}" for name in OF_EVERY_WHEEL}
    problems = [
        *differences(wheel.name, in_wheel, tracked("ttsframe") | of_every_wheel),
        *differences(sdist.name, in_sdist, (tracked() - NOT_RELEASED) | {"PKG-INFO"}),
    ]
    for file, held in ((wheel, in_wheel), (sdist, in_sdist)):
        print(f"{file.name}: {len(held)} files, {file.stat().st_size / 1000:,.0f} kB")
    print("\n".join(problems) or "they hold what they should")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

"""What a release says of itself: one version, and how to cite it (built files: tests/check_release.py)."""

import re
from pathlib import Path

import yaml

import ttsframe

ROOT = Path(__file__).resolve().parent.parent


def test_changelog__begins_with_this_version():
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == ttsframe.__version__


def test_version__stands_in_one_place():
    elsewhere = [ROOT / "CITATION.cff", ROOT / "pyproject.toml", ROOT / "SECURITY.md", ROOT / "README.md"]
    assert not [
        path.name for path in elsewhere if re.search(rf"\b{ttsframe.__version__}\b", path.read_text())
    ]


def test_citation__has_what_its_format_requires():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["cff-version"] == "1.2.0"
    assert {"authors", "message", "title"} <= set(citation)
    assert citation["license"] == "MIT"
    assert "version" not in citation

"""The notebooks as pages of the manual, with their outputs: a hook of MkDocs."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

from mkdocs.structure.files import File

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
_STYLE = re.compile(r"<style.*?</style>\n?", re.DOTALL)
_LINK = re.compile(r"\]\((?:\.\./docs/|(?=\w+\.ipynb))([^)]+)\)")


def on_files(files, config):
    """Add a page for each notebook, and its charts beside it."""
    for path in sorted(FOLDER.glob("*.ipynb")):
        text, charts = page(path)
        files.append(File.generated(config, f"notebooks/{path.stem}.md", content=text))
        for name, content in charts.items():
            files.append(File.generated(config, f"notebooks/{name}", content=content))
    return files


def page(path):
    """A notebook as Markdown, and its charts by the names of their files."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    parts, charts = [], {}
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(_LINK.sub(_to_page, source))
            continue
        parts.append(f"```python\n{source}\n```")
        for output in cell["outputs"]:
            data = {kind: "".join(held) for kind, held in output.get("data", {}).items()}
            if "image/png" in data:
                name = f"{path.stem}_{len(charts) + 1}.png"
                charts[name] = base64.b64decode(data["image/png"])
                parts.append(f"![What the code above draws]({name})")
            else:
                parts.append(_output(output, data))
    parts.insert(
        1, f"*This is the notebook `notebooks/{path.name}` of the repository, with what its cells give.*"
    )
    return "\n\n".join(parts) + "\n", charts


def _to_page(link):
    """A link to a page of the manual, or to another notebook, as it is from a notebook's page."""
    return f"](../{link[1]})" if link[0].startswith("](../") else f"]({link[1].removesuffix('.ipynb')}.md)"


def _output(output, data):
    """What a cell shows, besides charts."""
    if "text/html" in data:
        html = _STYLE.sub("", data["text/html"])
        # The site's own look for tables of pandas; those of ttsframe bring theirs along.
        html = html.replace('<table border="1" class="dataframe">', "<table>")
        html = html.replace("<table style=", '<table class="ttsframe" style=')
        return f'<div class="notebook-output">\n{html}\n</div>'
    text = "".join(output.get("text", "")) or data.get("text/plain") or "\n".join(output["traceback"])
    return f"```{{.text .notebook-output}}\n{text.rstrip()}\n```"

"""What the documentation says for R and for the levels of RAP."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs"
IN_R = re.compile(r'### (\d+)\. [^\n]+\n\n```r\n.*?r"\((.*?)\)"\)\n', re.DOTALL)


def _cookbook(number: str) -> str:
    section = (DOCS / "cookbook.md").read_text().split(f"\n## {number}. ")[1]
    found = re.search(r"```sql\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return found[1]


def test_questions_in_r_are_the_cookbook_s() -> None:
    questions = IN_R.findall((DOCS / "r_and_others.md").read_text())
    assert len(questions) >= 8
    for number, sql in questions:
        assert sql.split() == _cookbook(number).rstrip().rstrip(";").split(), number


def _r_packages() -> bool:
    program = shutil.which("Rscript")
    if program is None:
        return False
    asked = 'stopifnot(requireNamespace("DBI"), requireNamespace("duckdb"))'
    return subprocess.run([program, "-e", asked], capture_output=True, check=False).returncode == 0


def test_questions_run_in_r(published_sample: Path) -> None:
    if not _r_packages():
        pytest.skip("Rscript with the packages DBI and duckdb is not installed")
    (release,) = (published_sample / "releases").glob("v*")
    text = (DOCS / "r_and_others.md").read_text()
    (opening, *_) = re.findall(r"```r\n(library\(DBI\).*?)```", text, re.DOTALL)
    opening = re.sub(r'release <- "[^"]*"', f'release <- "{release}"', opening)
    asked = "\n".join(
        f'answer <- dbGetQuery(con, r"({sql})")\nstopifnot(nrow(answer) > 0)'
        for _, sql in IN_R.findall(text)
    )
    done = subprocess.run(
        ["Rscript", "-"], input=opening + asked, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_evidence_for_rap_is_there() -> None:
    text = (DOCS / "rap.md").read_text()
    named = set(re.findall(r"`([^`\s]+/[^`\s]*|[A-Z]+\.md|[A-Z]+|[a-z.]+\.(?:toml|lock))`", text))
    assert len(named) > 25
    missing = sorted(name for name in named if not (ROOT / name).exists())
    assert missing == []
    for level, requirements in (("baseline", 5), ("silver", 9), ("gold", 4)):
        assert text.count(f"\n| {level} |") == requirements

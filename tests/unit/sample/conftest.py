from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from beacon.sample import SMALL, write_sample
from beacon.sample.truths import SampleTruths


@dataclass(frozen=True)
class Sample:
    root: Path
    truths: SampleTruths


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """The default sample, written once; tests only read it."""
    root = tmp_path_factory.mktemp("sample")
    return Sample(root, write_sample(root, size=SMALL))

"""One table at the end of a benchmark run: every figure beside the floor it is measured against, in the same run."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from statistics import median

import pytest

_ROWS: list[str] = []


@dataclass(frozen=True, slots=True)
class Ratios:
    """Collects what was measured. Times are seconds; a ratio is ours / floor, from the medians of interleaved rounds."""

    def compare(self, name: str, ours: list[float], floor: list[float], *, most: float, unit: int = 1) -> float:
        """Note a time against its floor and hold it to `most`; `unit` divides both into a time per piece."""
        ratio = median(ours) / median(floor)
        _ROWS.append(
            f"{name:<58} {median(ours) / unit * 1e6:>10.1f} {median(floor) / unit * 1e6:>10.1f} {ratio:>7.2f} {'<=':>3} {most:g}"
        )
        assert ratio <= most, f"{name}: {ratio:.2f} times its floor, at most {most:g} is allowed"
        return ratio

    def at_least(self, name: str, value: float, least: float, unit: str) -> None:
        """Note a figure that must not fall below a bound measured in the same run."""
        _ROWS.append(
            f"{name:<58} {value:>10.1f} {least:>10.1f} {value / least if least else 0:>7.2f} {'>=':>3} 1 ({unit})"
        )
        assert value >= least, f"{name}: {value:.1f} {unit}, at least {least:.1f} is wanted"

    def at_most(self, name: str, value: float, most: float, unit: str) -> None:
        """Note a figure that must stay below a bound."""
        _ROWS.append(f"{name:<58} {value:>10.1f} {most:>10.1f} {value / most:>7.2f} {'<=':>3} 1 ({unit})")
        assert value <= most, f"{name}: {value:.1f} {unit}, at most {most:.1f} is allowed"


@pytest.fixture
def ratios() -> Ratios:
    """Where a benchmark notes what it measured."""
    return Ratios()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table, with the machine it holds for."""
    if not _ROWS:
        return
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    terminalreporter.section(f"speed ({machine}; microseconds apiece unless a unit is named)")
    terminalreporter.line(f"{'what':<58} {'ours':>10} {'floor':>10} {'ratio':>7}  bound")
    for row in _ROWS:
        terminalreporter.line(row)

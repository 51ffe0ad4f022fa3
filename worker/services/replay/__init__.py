"""Scenario files through the real service into books that are thrown away."""

from worker.services.replay.run import replay_files
from worker.services.replay.scenario import ScenarioError

__all__ = ["ScenarioError", "replay_files"]

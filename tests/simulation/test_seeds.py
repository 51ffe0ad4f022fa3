"""One seed drives everything that can go wrong between a publisher and the ledgers, step by step in one process.

Duplicates, conflicts, lost doorbells, readers and workers that end before or after each commit, takeovers, a wiped Redis: whatever
happens, every document is decided once, and the books equal those of a naive replay of the accepted messages in their order.
"""

import pytest

from tests.simulation.world import World
from tests.support.books import dump, undecided
from tests.support.servers import fresh_database
from worker.embedded import Endpoints
from worker.settings import Settings


def simulate(seed: int, steps: int, settings: Settings, cluster: Endpoints, xdist_worker: str) -> set[str]:
    with World(settings, seed) as world:
        for _ in range(steps):
            world.step()
        world.settle()
        world.check_outcomes()
        history = world.accepted_messages()
    assert undecided(str(settings.database_url)) == 0
    with fresh_database(cluster, xdist_worker) as other:
        World.replay(other.worker_url, history)
        assert dump(str(settings.database_url)) == dump(other.worker_url), f"seed {seed}"
    return world.power_cuts


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_happens_the_books_are_those_of_a_naive_replay(
    seed: int, settings: Settings, cluster: Endpoints, xdist_worker: str
) -> None:
    assert len(simulate(seed, 150, settings, cluster, xdist_worker)) > 3


@pytest.mark.drill
@pytest.mark.parametrize("seed", range(100, 160))
def test_many_seeds(seed: int, settings: Settings, cluster: Endpoints, xdist_worker: str) -> None:
    assert len(simulate(seed, 600, settings, cluster, xdist_worker)) > 5

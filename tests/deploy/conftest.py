"""What several tests of deploy/ share: the container image, built once."""

from collections.abc import Iterator

import pytest

from tests.support.images import Builder, built


@pytest.fixture(scope="session")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    with built(tmp_path_factory.mktemp("image")) as made:
        yield made

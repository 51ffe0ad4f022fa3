"""Templates: ours first, then Flower's; `flower/NAME` is always Flower's own, so that ours can extend it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import flower
from tornado.template import BaseLoader, Template

OURS: Final = Path(__file__).parent / "templates"
FLOWERS: Final = Path(flower.__file__).parent / "templates"


class Templates(BaseLoader):
    """Finds templates by name alone, wherever they are asked for."""

    def resolve_path(self, name: str, parent_path: str | None = None) -> str:  # noqa: ARG002 - names are absolute
        """A name stands for itself."""
        return name

    def _create_template(self, name: str) -> Template:
        own, flowers = OURS / name, FLOWERS / name.removeprefix("flower/")
        path = own if own.exists() and not name.startswith("flower/") else flowers
        return Template(path.read_bytes(), name=name, loader=self)

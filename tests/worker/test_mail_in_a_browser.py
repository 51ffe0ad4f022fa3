"""The mail as a reader sees it: rendered by a real browser, at the width of a desk and of a telephone, and looked at."""

from __future__ import annotations

import base64
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from tests.support.mails import eventful
from tests.support.processes import PATIENCE_SECONDS
from tests.support.servers import require_tool
from worker.mail.page import TREND_CID
from worker.services.notices.rendering import render

RED, GREY = (0xB3, 0x26, 0x1E), (0xEE, 0xF1, 0xF4)
TALL = 3200


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_fits_its_screen(width: int, tmp_path: Path) -> None:
    """The verdict's colour is at the top, the page fills a telephone's width and no more, and the picture of the trend is drawn."""
    browser = require_tool("chromium", shutil.which("chromium"))
    with Image.open(photograph(browser, width, tmp_path)) as opened:
        screen = opened.convert("RGB")
    assert screen.getpixel((width // 2, 25)) == RED
    page = [x for x in range(width) if screen.getpixel((x, 25)) == RED]
    assert page[0] >= 8
    assert page[-1] < width - 8
    assert len(page) > min(width - 20, 640)
    assert {screen.getpixel((x, y)) for x in (1, width - 2) for y in range(0, TALL, 16)} == {GREY}
    below = screen.crop((0, 600, width, TALL))
    assert any(pixel == RED for count, pixel in below.getcolors(1 << 24) or [] if count > 200)


def photograph(browser: str, width: int, folder: Path) -> Path:
    """A picture of the eventful mail as the browser shows it, the picture inside it included."""
    rendered = render(eventful(), "en")
    inline = base64.b64encode(rendered.picture or b"").decode()
    page, picture = folder / "mail.html", folder / f"mail-{width}.png"
    page.write_text(rendered.page.html.replace(f"cid:{TREND_CID}", f"data:image/png;base64,{inline}"), encoding="utf-8")
    subprocess.run(
        [
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
            f"--user-data-dir={folder / 'browser'}", f"--window-size={width},{TALL}", f"--screenshot={picture}", page.as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=PATIENCE_SECONDS,
    )  # fmt: skip
    return picture

"""A real Chromium without a window, driven by the W3C WebDriver protocol: what people see, and what they can do."""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.support.ports import free_port
from tests.support.processes import PATIENCE_SECONDS
from tests.support.servers import require_tool

DESKTOP: Final = (1280, 900)
PHONE: Final = (390, 844)
_NARROWEST_WINDOW: Final = 600
_ELEMENT: Final = "element-6066-11e4-a52e-4f735466cecf"
_OPTIONS: Final = {
    "args": [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--lang=en",
        "--window-size=1400,1200", "--no-first-run", "--disable-extensions", "--disable-background-networking",
    ]
}  # fmt: skip


class NotFoundError(AssertionError):
    """Nothing on the page is what was looked for."""


class GoneError(AssertionError):
    """What was found is on a page that is shown no more."""


class Element:
    """Something on the page."""

    def __init__(self, browser: Browser, number: str) -> None:
        self._browser, self._path = browser, f"/element/{number}"
        self.reference = {_ELEMENT: number}

    @property
    def text(self) -> str:
        """What a person reads there."""
        return str(self._browser.ask("GET", f"{self._path}/text"))

    def click(self) -> None:
        """Click it, wherever on the page it is."""
        # Pages scroll smoothly, and whoever clicks meanwhile misses.
        self._browser.run("arguments[0].scrollIntoView({behavior: 'instant', block: 'center'})", self)
        self._browser.ask("POST", f"{self._path}/click", {})

    def write(self, text: str) -> None:
        """Type into it, in place of what was there."""
        self._browser.ask("POST", f"{self._path}/clear", {})
        self._browser.ask("POST", f"{self._path}/value", {"text": text})

    def value(self) -> str:
        """What a field holds."""
        return str(self._browser.ask("GET", f"{self._path}/property/value"))


class Browser:
    """One window."""

    def __init__(self, driver: str) -> None:
        self._driver = driver
        capabilities = {
            "browserName": "chrome", "goog:chromeOptions": {**_OPTIONS, "binary": shutil.which("chromium")},
            "goog:loggingPrefs": {"browser": "ALL"},
        }  # fmt: skip
        answer = self._call("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
        self._session = f"/session/{answer['sessionId']}"
        self.size(DESKTOP)

    def open(self, url: str) -> None:
        """Go to a page and wait until it is there."""
        self.ask("POST", "/url", {"url": url})

    @property
    def url(self) -> str:
        """Where it is."""
        return str(self.ask("GET", "/url"))

    def size(self, size: tuple[int, int]) -> None:
        """Give the page a width and a height, in points of a screen."""
        if size[0] >= _NARROWEST_WINDOW:
            self._cdp("Emulation.clearDeviceMetricsOverride", {})
            frame = self.run("return [outerWidth - innerWidth, outerHeight - innerHeight]")
            self.ask("POST", "/window/rect", {"width": size[0] + frame[0], "height": size[1] + frame[1]})
        else:
            # A window has a least width, which a phone's page has not.
            self._emulate(size, is_phone=True)

    def _emulate(self, size: tuple[int, int], *, is_phone: bool) -> None:
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": is_phone}
        self._cdp("Emulation.setDeviceMetricsOverride", metrics)

    def _cdp(self, command: str, parameters: dict[str, Any]) -> None:
        self.ask("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def all(self, css: str) -> list[Element]:
        """Everything that a selector finds."""
        found = self.ask("POST", "/elements", {"using": "css selector", "value": css})
        return [Element(self, one[_ELEMENT]) for one in found]

    def find(self, css: str, text: str = "") -> Element:
        """The first thing that a selector finds whose text holds this. Errors: NotFoundError."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            # A page that gives way to the next one meanwhile is looked at anew.
            with contextlib.suppress(GoneError):
                for element in self.all(css):
                    if text in element.text:
                        return element
            time.sleep(0.05)
        raise NotFoundError(f"{css} with {text!r} is not on {self.url}, which says: {self.text[:2000]}")

    def click(self, text: str) -> None:
        """Click the button or link of this text, and wait for what comes."""
        before = self.find("html")._path
        self.find("button, a", text).click()
        deadline = time.monotonic() + PATIENCE_SECONDS
        # Whatever was clicked leads to another document.
        while self.find("html")._path == before and time.monotonic() < deadline:
            time.sleep(0.02)

    def fill(self, label: str, text: str) -> None:
        """Type into the field of this label."""
        labelled = f"//*[@id=//label[contains(normalize-space(.), {json.dumps(label)})]/@for]"
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := self.ask("POST", "/elements", {"using": "xpath", "value": labelled})):
            if time.monotonic() > deadline:
                raise NotFoundError(f"no field is labelled {label} on {self.url}, which says: {self.text[:2000]}")
            time.sleep(0.05)
        Element(self, found[0][_ELEMENT]).write(text)

    @property
    def text(self) -> str:
        """The page as a person reads it."""
        return self.find("body").text

    def run(self, script: str, *elements: Element) -> Any:
        """The value of a script in the page."""
        return self.ask("POST", "/execute/sync", {"script": script, "args": [one.reference for one in elements]})

    def picture(self, path: Path) -> None:
        """The page as a picture, in full height."""
        width, height = self.run("return [innerWidth, document.documentElement.scrollHeight]")
        self._emulate((width, height), is_phone=width < _NARROWEST_WINDOW)
        path.write_bytes(base64.b64decode(str(self.ask("GET", "/screenshot"))))

    def complaints(self) -> list[str]:
        """What the browser has complained about since it was asked last."""
        return [entry["message"] for entry in self.ask("POST", "/se/log", {"type": "browser"})]

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Ask the driver about this window."""
        return self._call(method, f"{self._session}{path}", body)

    def end(self) -> None:
        """Close it."""
        self._call("DELETE", self._session)

    def _call(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - our own loopback
            f"{self._driver}{path}", data=data, method=method, headers={"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310
                return json.load(answer)["value"]
        except urllib.error.HTTPError as refused:
            with refused:
                said = refused.read().decode()[:1000]
            family = GoneError if '"stale element reference"' in said else AssertionError
            raise family(f"{method} {path}: {said}") from refused


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """A browser for a test; the test skips by name where the machine has none."""
    require_tool("chromium", shutil.which("chromium"))
    driver = require_tool("chromium-driver", shutil.which("chromedriver"))
    port = free_port()
    process = subprocess.Popen(
        [driver, f"--port={port}"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(port)
        window = Browser(f"http://127.0.0.1:{port}")
        try:
            yield window
        finally:
            window.end()
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def _wait(port: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError("chromedriver did not start")

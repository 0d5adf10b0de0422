"""A headless Chromium driven over a pipe with the standard library alone."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from beacon.site.pdf import find_chromium

CHROMIUM = find_chromium()

LIMIT_SECONDS = 600.0
"""A browser that does not answer is given up; a busy machine's only takes longer."""


@dataclass
class Opened:
    """What one page asked for and complained of while it was open."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


class Browser:
    """One browser with one tab. Use as a context manager."""

    def __init__(self) -> None:
        assert CHROMIUM is not None
        self._profile = tempfile.mkdtemp(prefix="beacon-browser-")
        to_read, self._to_browser = os.pipe()
        self._from_browser, to_write = os.pipe()

        def wire() -> None:
            # Numbers of our own pipes may be 3 or 4 themselves: move them away first.
            source, sink = os.dup(to_read), os.dup(to_write)
            while source < 5:
                source = os.dup(source)
            while sink < 5:
                sink = os.dup(sink)
            os.dup2(source, 3)
            os.dup2(sink, 4)

        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        self._process = subprocess.Popen(
            [
                CHROMIUM, "--headless", *sandbox, "--disable-gpu", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-dev-shm-usage", f"--user-data-dir={self._profile}",
                "--remote-debugging-pipe", "about:blank",
            ],
            # What it leaves in the temporary directory goes with the profile.
            env={**os.environ, "TMPDIR": self._profile},
            preexec_fn=wire,
            close_fds=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_read)
        os.close(to_write)
        self._buffer = b""
        self._last = 0
        self._session: str | None = None
        self.opened = Opened()
        targets = self.send("Target.getTargets")["targetInfos"]
        target = next(t["targetId"] for t in targets if t["type"] == "page")
        attached = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log", "Accessibility"):
            self.send(f"{domain}.enable")
        # Focus events reach the page only where its window has the focus.
        self.send("Emulation.setFocusEmulationEnabled", enabled=True)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)
        os.close(self._to_browser)
        os.close(self._from_browser)
        shutil.rmtree(self._profile, ignore_errors=True)

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """One command and its answer."""
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to_browser, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + LIMIT_SECONDS
        while time.monotonic() < deadline:
            answer = self._receive(deadline)
            if answer.get("id") == self._last:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result
        raise TimeoutError(method)

    def _receive(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select(
                [self._from_browser], [], [], max(deadline - time.monotonic(), 0)
            )
            if not ready:
                raise TimeoutError("the browser does not answer")
            self._buffer += os.read(self._from_browser, 1 << 20)
        text, self._buffer = self._buffer.split(b"\0", 1)
        message: dict[str, Any] = json.loads(text)
        self._note(message)
        return message

    def _note(self, message: dict[str, Any]) -> None:
        params = message.get("params", {})
        match message.get("method"):
            case "Network.requestWillBeSent":
                self.opened.requests.append(params["request"]["url"])
            case "Runtime.exceptionThrown":
                self.opened.complaints.append(json.dumps(params["exceptionDetails"])[:500])
            case "Runtime.consoleAPICalled" if params["type"] in {"error", "warning", "assert"}:
                self.opened.complaints.append(json.dumps(params["args"])[:500])
            case "Log.entryAdded" if params["entry"]["level"] in {"error", "warning"}:
                self.opened.complaints.append(params["entry"]["text"])

    def open(self, page: Path) -> Opened:
        """Open a page and wait until it has loaded."""
        self.opened = Opened()
        self.send("Page.navigate", url=page.resolve().as_uri())
        self._wait_for(page.resolve().as_uri())
        return self.opened

    def reload(self) -> None:
        """Load the page anew, and wait until that is done."""
        address = self.run("location.href")
        self.run("window.before = true")
        self.send("Page.reload")
        self._wait_for(address, "&& !('before' in window)")

    def _wait_for(self, address: str, also: str = "") -> None:
        deadline = time.monotonic() + LIMIT_SECONDS
        here = f"document.readyState === 'complete' && location.href === {json.dumps(address)}"
        while not self.run(f"{here} {also}"):
            if time.monotonic() > deadline:
                raise TimeoutError(address)
            time.sleep(0.01)

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression; a promise is awaited."""
        answer = self.send(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"])[:800])
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        """One key."""
        code = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38,
                "ArrowRight": 39, "ArrowDown": 40}[key]  # fmt: skip
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.send(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
                **(text if kind == "keyDown" else {}),
            )

    def view(self, width: int, height: int = 900, *, media: str = "", dark: bool = False) -> None:
        """Set the window's size, its medium and its colour scheme."""
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=width < 600)  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", media=media, features=[scheme])

    def picture(self, target: Path) -> None:
        """The whole page as a PNG, for a person to look at."""
        size = self.send("Page.getLayoutMetrics")["cssContentSize"]
        clip = {
            "x": 0,
            "y": 0,
            "width": size["width"],
            "height": min(size["height"], 6000),
            "scale": 1,
        }
        shot = self.send("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        target.write_bytes(base64.b64decode(shot["data"]))

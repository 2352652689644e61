"""A real browser without a window: Debian's Chromium, by the driver that comes with it, through selenium."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path
from typing import Any

from .servers import UnavailableError


class Browser:
    """One window. Raises UnavailableError if there is no Chromium, or no driver of it."""

    def __init__(self) -> None:
        chromium, driver = _found("chromium", "chromium-browser"), _found("chromedriver")
        from selenium import webdriver

        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        # A sandbox within a container has no rights to be made, and /dev/shm may be too small there.
        for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        # The driver's path is given so that selenium looks for none on the network.
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))

    def open(self, page: Path, *, width: int = 1280, scheme: str = "light", scripts: bool = True) -> None:
        """Show a file, as on a screen of that width set to `light` or `dark`; what was logged before is forgotten."""
        self.show(width=width, scheme=scheme)
        self._tell("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.driver.get("about:blank")
        self.errors()
        self.requests()
        self.driver.get(page.resolve().as_uri())

    def show(self, *, width: int = 1280, scheme: str = "light") -> None:
        """Show what is open on another screen."""
        self._tell("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self._tell("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)

    def run(self, script: str, *arguments: Any) -> Any:
        """What a script that is a function's body returns."""
        return self.driver.execute_script(script, *arguments)

    def errors(self) -> list[str]:
        """What the console has said since it was last asked."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """The URLs that were asked for since, whether or not an answer came."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [one["params"]["request"]["url"] for one in events if one["method"] == "Network.requestWillBeSent"]

    def screenshot(self, file: Path) -> None:
        """The whole page as PNG."""
        file.write_bytes(base64.b64decode(self._tell("Page.captureScreenshot", captureBeyondViewport=True)["data"]))

    def close(self) -> None:
        self.driver.quit()

    def _tell(self, command: str, **options: Any) -> Any:
        return self.driver.execute_cdp_cmd(command, options)


def _found(*names: str) -> str:
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise UnavailableError(f"no {names[0]} on the path (apt-get install chromium chromium-driver)")
    return found

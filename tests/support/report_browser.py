"""The little of the WebDriver protocol that the tests of the page need, over chromedriver."""

import base64
import re
import shutil
import subprocess
import time

import requests

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def programs():
    """The browser and its driver; None for what this machine has not got."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None), shutil.which("chromedriver")


class Browser:
    """A headless Chromium that one test drives."""

    def __init__(self, folder):
        browser, driver = programs()
        self.downloads = folder / "downloads"
        self.downloads.mkdir()
        self.log = (folder / "driver.log").open("w+")
        self.process = subprocess.Popen([driver, "--port=0"], stdout=self.log, stderr=subprocess.STDOUT)
        self.http = requests.Session()
        self.http.trust_env = False
        self.url = ""
        try:
            self._start(browser, folder)
        except BaseException:
            self.close()
            raise

    def _start(self, browser, folder):
        self.url = f"http://127.0.0.1:{self._port(folder / 'driver.log')}/session"
        options = {
            "binary": browser,
            "args": [*FLAGS, f"--user-data-dir={folder / 'profile'}"],
            "prefs": {"download.default_directory": str(self.downloads)},
        }
        always = {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        answer = self._call("POST", "", {"capabilities": {"alwaysMatch": always}})
        self.url += "/" + answer["sessionId"]

    def _port(self, log, patience_seconds=20):
        end = time.monotonic() + patience_seconds
        while time.monotonic() < end:
            found = re.search(r"started successfully on port (\d+)", log.read_text())
            if found:
                return found[1]
            time.sleep(0.05)
        raise TimeoutError(log.read_text())

    def _call(self, method, path, body=None):
        answer = self.http.request(method, self.url + path, json=body, timeout=60)
        value = answer.json()["value"]
        assert answer.ok, value
        return value

    def open(self, page):
        self._call("POST", "/url", {"url": page if isinstance(page, str) else page.as_uri()})

    def run(self, script, *arguments):
        return self._call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def element(self, selector):
        found = self._call("POST", "/element", {"using": "css selector", "value": selector})
        return f"/element/{found[ELEMENT]}"

    def click(self, selector):
        self._call("POST", f"{self.element(selector)}/click", {})

    def write(self, selector, text):
        self._call("POST", f"{self.element(selector)}/value", {"text": text})

    def texts(self, selector):
        script = "return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)"
        return self.run(script, selector)

    def media(self, media="", **features):
        parameters = {
            "media": media,
            "features": [{"name": name.replace("_", "-"), "value": to} for name, to in features.items()],
        }
        self._call("POST", "/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": parameters})

    def window(self, width, height):
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self._call("POST", "/goog/cdp/execute", {"cmd": "Emulation.setDeviceMetricsOverride", "params": size})

    def messages(self):
        return [line["message"] for line in self._call("POST", "/se/log", {"type": "browser"})]

    def picture(self):
        return base64.b64decode(self._call("GET", "/screenshot"))

    def pdf(self):
        return base64.b64decode(
            self._call("POST", "/print", {"orientation": "landscape", "background": True})
        )

    def wait(self, script, *arguments, patience_seconds=10):
        end = time.monotonic() + patience_seconds
        while time.monotonic() < end:
            held = self.run(script, *arguments)
            if held:
                return held
            time.sleep(0.03)
        raise TimeoutError(script)

    def downloaded(self, name, patience_seconds=10):
        end = time.monotonic() + patience_seconds
        while not (self.downloads / name).exists():
            assert time.monotonic() < end, f"{name} was not downloaded"
            time.sleep(0.03)
        return self.downloads / name

    def close(self):
        if self.process.poll() is None:
            if self.url.count("/") > 3:  # a session was opened
                self.http.delete(self.url, timeout=20)
            self.process.terminate()
            self.process.wait(20)
        self.http.close()
        self.log.close()

"""The box in a browser, through the ingress with its sign-in: code-server, and JupyterLab with its kernel."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from real_box import WITHIN, RealBox, chromium, until

# As a user would set them who wants to see files and nothing else; the pictures in docs/ are of this.
SETTINGS = {
    "security.workspace.trust.enabled": False,
    "workbench.startupEditor": "none",
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "files.autoSave": "off",
    "editor.quickSuggestions": {"other": "off"},
    "terminal.integrated.gpuAcceleration": "off",
}
EMPTY = {
    "cells": [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": "one",
            "metadata": {},
            "outputs": [],
            "source": "",
        }
    ],
    "metadata": {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    },
    "nbformat": 4,
    "nbformat_minor": 5,
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    found = chromium()
    if found is None:
        pytest.skip("no browser: apt-get install chromium chromium-driver")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = found[0]
    for argument in (
        "headless=new",
        "no-sandbox",
        "disable-dev-shm-usage",
        "disable-gpu",
        "window-size=1280,800",
    ):
        options.add_argument(f"--{argument}")
    driver = webdriver.Chrome(options=options, service=Service(found[1]))
    driver.set_page_load_timeout(WITHIN)
    yield driver
    driver.quit()


@pytest.fixture
def editor(real_box: RealBox, browser: Any) -> Any:
    """code-server on the home folder, signed in."""
    folder = ".local/share/code-server/User"
    real_box.ssh(f"mkdir -p {folder}; echo '{json.dumps(SETTINGS)}' > {folder}/settings.json")
    real_box.ssh("mkdir -p work; echo 'rate = 0.1' > work/train.py; rm -f work/made")
    sign_in(real_box, browser, f"{real_box.urls()['code']}/?folder=/home/dev/work")
    seen(browser, ".monaco-workbench .explorer-folders-view")
    return browser


@pytest.fixture
def notebook(real_box: RealBox, browser: Any) -> Any:
    """An empty notebook of the home folder in JupyterLab, signed in, with a kernel that runs."""
    real_box.ssh(f"mkdir -p work; echo '{json.dumps(EMPTY)}' > work/first.ipynb; rm -f work/made.txt")
    sign_in(real_box, browser, f"{real_box.urls()['jupyter']}/lab/tree/work/first.ipynb")
    seen(browser, ".jp-Notebook .jp-CodeCell .cm-content")
    seen(browser, "#jp-main-statusbar", "| Idle")
    return browser


def sign_in(real_box: RealBox, browser: Any, url: str) -> None:
    # With ACCOUNTADMIN as default role the browser's way in is refused, as on Snowflake.
    real_box.rows("ALTER USER LOCAL SET DEFAULT_ROLE = ML_DEV_ROLE")
    browser.get(url)
    state = real_box.project / ".sfml" / "local"
    endpoint = json.loads((state / "endpoint.json").read_text())
    (user,), (password,) = find(browser, "[name=user]"), find(browser, "[name=password]")
    user.send_keys(endpoint["user"])
    password.send_keys((state / endpoint["password_file"]).read_text().strip())
    find(browser, "button")[0].click()


def find(browser: Any, selector: str) -> list[Any]:
    found: list[Any] = browser.find_elements("css selector", selector)
    return found


def quietly(act: Callable[[], object]) -> bool:
    """Whether it is true, and the page did not replace its elements meanwhile."""
    from selenium.common.exceptions import WebDriverException

    try:
        return bool(act())
    except WebDriverException:
        return False


def seen(browser: Any, selector: str, text: str = "") -> None:
    """Wait for an element that can be seen, with this text."""
    until(lambda: quietly(lambda: any(text in one.text for one in visible(browser, selector))))


def visible(browser: Any, selector: str) -> list[Any]:
    return [one for one in find(browser, selector) if one.is_displayed()]


def click(browser: Any, selector: str) -> None:
    """Click on the first such element that can be seen."""

    def clicked() -> bool:
        visible(browser, selector)[0].click()
        return True

    seen(browser, selector)
    until(lambda: quietly(clicked))


def type_keys(browser: Any, *keys: str) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    ActionChains(browser).send_keys(*keys).perform()


def with_control(browser: Any, key: str) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    ActionChains(browser).key_down(Keys.CONTROL).send_keys(key).key_up(Keys.CONTROL).perform()


def test_code_server__file_edited_and_command_run__are_there_in_the_box(
    editor: Any, real_box: RealBox
) -> None:
    from selenium.webdriver.common.keys import Keys

    click(editor, ".explorer-folders-view [aria-label^='train.py']")
    seen(editor, ".monaco-editor .view-line", "rate")
    click(editor, ".monaco-editor .view-line")
    with_control(editor, Keys.HOME)
    type_keys(editor, "# edited in the browser", Keys.ENTER)

    def saved() -> bool:
        with_control(editor, "s")
        return real_box.ssh("cat work/train.py") == "# edited in the browser\nrate = 0.1\n"

    until(saved)

    type_keys(editor, Keys.F1)
    seen(editor, ".quick-input-widget input")
    type_keys(editor, "Terminal: Create New Terminal", Keys.ENTER)

    def ran() -> bool:
        # The shell may not listen yet: said again, it does no harm.
        click(editor, ".xterm")
        type_keys(editor, "echo in $PWD: $((6 * 7)) | tee made", Keys.ENTER)
        return real_box.ssh("cat work/made 2>/dev/null || true") == "in /home/dev/work: 42\n"

    until(ran)
    seen(editor, ".xterm", "42")
    picture(editor, "code-server")


def test_jupyterlab__cell_run__its_kernel_is_the_box_s_python(notebook: Any, real_box: RealBox) -> None:
    from selenium.webdriver.common.keys import Keys

    click(notebook, ".jp-Notebook .jp-CodeCell .cm-content")
    for line in (
        "import sys, pathlib",
        "pathlib.Path('made.txt').write_text(f'{6 * 7} by {sys.prefix}')",
        "print(sys.prefix)",
    ):
        type_keys(notebook, line, Keys.ENTER)

    def ran() -> bool:
        with_control(notebook, Keys.ENTER)
        return real_box.ssh("cat work/made.txt 2>/dev/null || true") == "42 by /opt/venv"

    until(ran)
    seen(notebook, ".jp-OutputArea-output", "/opt/venv")
    picture(notebook, "jupyterlab")

    def saved() -> bool:
        with_control(notebook, "s")
        return "made.txt" in real_box.ssh("cat work/first.ipynb")

    until(saved)


def picture(browser: Any, name: str) -> None:
    """Keep a picture of the page, where they are wanted."""
    if folder := os.environ.get("SFML_TEST_SCREENSHOTS"):
        assert browser.save_screenshot(str(Path(folder, f"{name}.png").resolve()))

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence

import pytest
from harness.containers import BASE, IMAGE, LOCKED_DOWN, Container, free_port, run, wait_until_ready


@pytest.fixture(scope="session")
def image() -> str:
    """The image, built on a stand-in for the public base."""
    if shutil.which("podman") is None:
        pytest.skip("podman is not installed here; scripts/setup.sh test installs it on Debian")
    run("scripts/standin_base.sh", BASE)
    run("scripts/image.sh", IMAGE, BASE)
    return IMAGE


@pytest.fixture
def container(image: str) -> Iterator[Container]:
    """A container with a fresh volume, ready to serve."""
    port = free_port()
    name, url = f"picsafe-test-{port}", f"http://localhost:{port}"
    setting = ("--env", f"PICSAFE_PUBLIC_URL={url}", "--volume", f"{name}:/var/lib/picsafe")
    command: Sequence[str] = ("run", "--port", str(port))
    run("podman", "run", "--detach", "--name", name, *LOCKED_DOWN, *setting, image, *command)
    try:
        wait_until_ready(name, url)
        yield Container(name, url)
    finally:
        run("podman", "rm", "--force", "--time", "0", name, check=False)
        run("podman", "volume", "rm", "--force", name, check=False)

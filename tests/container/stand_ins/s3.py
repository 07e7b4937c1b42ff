"""Stands in for the image of `s3` in `deploy/compose.yaml`: Ceph's gateway with the user that the file names."""

from __future__ import annotations

import os
import signal

from harness.ceph import Outside, running_ceph


def main() -> None:
    """Serves until the container is told to stop."""
    signal.signal(signal.SIGTERM, lambda number, frame: signal.raise_signal(signal.SIGINT))
    user = Outside("0.0.0.0", 8080, os.environ["CEPH_DEMO_ACCESS_KEY"], os.environ["CEPH_DEMO_SECRET_KEY"])  # noqa: S104 a container's own network
    with running_ceph(user):
        try:
            signal.pause()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()

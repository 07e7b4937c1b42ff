"""`picsafe-server cloud …`: commands for the operator of a cloud."""

from __future__ import annotations

import argparse
import time
from typing import Final

from picsafe_protocol.contracts.errors import ServiceError
from picsafe_protocol.contracts.regions import REGIONS
from picsafe_server.runtime.addresses import SettingsError
from picsafe_server.settings import Settings

WAIT_SECONDS: Final = 120
"""How long a store may take to come up: longer than any container of one."""
PAUSE_SECONDS: Final = 2


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the cloud's commands below `cloud`."""
    cloud = commands.add_parser("cloud", help="storage of the regions").add_subparsers(required=True, metavar="ACTION")
    make = cloud.add_parser("make-buckets", help="make the buckets of PICSAFE_S3_BUCKETS that are not there yet")
    make.set_defaults(run=_make_buckets)


def _make_buckets(settings: Settings, options: argparse.Namespace) -> None:
    from picsafe_server.cloud.stores.s3_bucket import connect, make_bucket

    if not settings.s3_buckets:
        raise SettingsError("PICSAFE_S3_BUCKETS names no bucket")
    until = time.monotonic() + WAIT_SECONDS
    for region, bucket in settings.s3_buckets.items():
        aws_region = REGIONS[region].aws_region
        client = connect(aws_region, settings.s3_endpoint, read_seconds=60)
        while True:
            try:
                made = make_bucket(client, bucket, None if settings.s3_endpoint else aws_region)
            except ServiceError:
                if time.monotonic() >= until:
                    raise
                time.sleep(PAUSE_SECONDS)
            else:
                break
        print(f"Bucket {bucket} was {'made' if made else 'there already'}.")

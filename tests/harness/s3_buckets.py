"""Buckets in the tests' own S3 server, seen from outside of PicSafe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from harness.ceph import Ceph
from picsafe_protocol.contracts.identifiers import new_identifier

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Bucket:
    """One bucket, and a client that may do everything with it."""

    name: str
    endpoint: str
    client: S3Client

    def objects(self) -> list[str]:
        """The keys of all objects that are there."""
        return [item["Key"] for item in self.client.list_objects_v2(Bucket=self.name).get("Contents", [])]

    def unfinished(self) -> list[str]:
        """The keys of multipart uploads that are neither complete nor aborted."""
        return [item["Key"] for item in self.client.list_multipart_uploads(Bucket=self.name).get("Uploads", [])]


def made_bucket(ceph: Ceph) -> Bucket:
    """A fresh, empty bucket."""
    client = boto3.client(
        "s3",
        endpoint_url=ceph.endpoint,
        region_name="us-east-1",
        aws_access_key_id=ceph.access_key,
        aws_secret_access_key=ceph.secret_key,
        config=Config(
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    name = f"test-{new_identifier()}"
    client.create_bucket(Bucket=name)
    return Bucket(name, ceph.endpoint, client)

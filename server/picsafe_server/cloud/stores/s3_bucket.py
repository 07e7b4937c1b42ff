"""Connects to a region's bucket and checks that it is fit for reports."""

from __future__ import annotations

import functools
import logging
import os
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from picsafe_protocol.contracts.limits import UPLOAD_HOURS
from picsafe_server.cloud.stores import StoreUnfit
from picsafe_server.cloud.stores.s3_deadlines import set_deadline
from picsafe_server.cloud.stores.s3_errors import NOTHING_THERE, NothingThere, translated
from picsafe_server.cloud.stores.s3_signing import declared, sign_as_declared

if TYPE_CHECKING:
    from botocore.loaders import Loader
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.literals import BucketLocationConstraintType
    from mypy_boto3_s3.type_defs import LifecycleRuleOutputTypeDef, LifecycleRuleTypeDef

PACKAGES = "packages/"
UPLOADS = "uploads/"
CONNECTIONS = 64
"""Connections to a bucket that are kept: each download holds one while it lasts."""
CONNECT_SECONDS = 2
CALL_READS = 4
"""A call as a whole, in times that the store may be silent: two attempts, and as long again for what is sent."""
_PROBE = f"{UPLOADS}probe"
_WRONG_DIGEST = frozenset({"XAmzContentSHA256Mismatch", "BadDigest", "SignatureDoesNotMatch"})
"""What AWS and Ceph say of a body that is not what was signed, and what other stores might."""
_OLD_NAMES = {"": "us-east-1", "EU": "eu-west-1"}
"""What AWS calls the regions that are older than their names."""


_log = logging.getLogger("picsafe.cloud.s3")


class BucketUnfit(StoreUnfit):
    """Reports must not be stored in this bucket; the message names what to change."""


def connect(aws_region: str, endpoint: str, *, read_seconds: float) -> S3Client:
    """A client for the bucket's region. The store may be silent for `read_seconds`, and a call with its second attempt takes
    `CALL_READS` times as long at most, however slowly its answer drips. Credentials come from boto3's own chain:
    environment, file, container or machine role."""
    config = Config(
        signature_version="s3v4",
        # Signed with its SHA-256, a body that was changed on its way is refused by the store, also without TLS.
        s3={"addressing_style": "path" if endpoint else "virtual", "payload_signing_enabled": True},
        # Other S3 servers refuse the checksums that boto3 adds by default.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        retries={"mode": "standard", "total_max_attempts": 2},
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_seconds,
        max_pool_connections=CONNECTIONS,
    )
    # boto3 knows a variable of its own only; an authority for everything should not have to be named twice.
    authorities = None if os.environ.get("AWS_CA_BUNDLE") else os.environ.get("SSL_CERT_FILE")
    session = botocore.session.get_session()
    session.register_component("data_loader", _descriptions())
    client = boto3.session.Session(botocore_session=session).client(
        "s3", region_name=aws_region, endpoint_url=endpoint or None, config=config, verify=authorities
    )
    sign_as_declared(client)
    set_deadline(client, CALL_READS * read_seconds)
    return client


@functools.cache
def _descriptions() -> Loader:
    """boto3's descriptions of AWS's services. To read and parse them takes a tenth of a second, and a process has three
    clients for each of its regions; everything else, such as credentials, is each client's own."""
    loader: Loader = botocore.session.get_session().get_component("data_loader")
    return loader


def make_fit(client: S3Client, bucket: str, *, aws_region: str | None, days: int) -> None:
    """Check the bucket and set its lifecycle rules; raises `BucketUnfit`. `aws_region` is None for an S3 store that is
    not AWS.
    """
    try:
        with translated():
            client.head_bucket(Bucket=bucket)
    except NothingThere:
        raise BucketUnfit(
            f"there is no bucket {bucket}: make it in the region's own AWS region, or run `picsafe-server cloud make-buckets`"
        ) from None
    if aws_region is not None:
        _check_region(client, bucket, aws_region)
    _check_versioning(client, bucket)
    _ensure_lifecycle(client, bucket, days)


def compares_digests(client: S3Client, bucket: str) -> bool:
    """Whether the store refuses a part that does not have the SHA-256 with which it is signed. One that takes it, or says
    something else of it, gets a line in the log."""
    with translated():
        upload = client.create_multipart_upload(Bucket=bucket, Key=_PROBE)["UploadId"]
        try:
            client.upload_part(
                Bucket=bucket, Key=_PROBE, UploadId=upload, PartNumber=1, Body=declared([b"probe"], bytes(32))
            )
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status not in {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN}:
                raise
            if status == HTTPStatus.BAD_REQUEST and error.response["Error"]["Code"] in _WRONG_DIGEST:
                return True
        finally:
            client.abort_multipart_upload(Bucket=bucket, Key=_PROBE, UploadId=upload)
    _log.warning("bucket %s does not say that it compares digests: every package is read back", bucket)
    return False


def make_bucket(client: S3Client, bucket: str, aws_region: str | None) -> bool:
    """Create the bucket unless it exists; returns whether it was created. `aws_region` is None for an S3 store that is
    not AWS.

    `ServiceError` while the store cannot be reached, and where it refuses.
    """
    with translated():
        try:
            client.head_bucket(Bucket=bucket)
        except ClientError as error:
            if str(error.response.get("Error", {}).get("Code")) not in NOTHING_THERE:
                raise
        else:
            return False
        if aws_region is None or aws_region == _OLD_NAMES[""]:  # AWS wants its oldest region unsaid
            client.create_bucket(Bucket=bucket)
        else:
            place = cast("BucketLocationConstraintType", aws_region)
            client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": place})
    return True


def _check_region(client: S3Client, bucket: str, aws_region: str) -> None:
    with translated():
        location = client.get_bucket_location(Bucket=bucket).get("LocationConstraint") or ""
    found = _OLD_NAMES.get(location, location)
    if found != aws_region:
        raise BucketUnfit(f"bucket {bucket} lies in {found}; reports of this region may only be stored in {aws_region}")


def _check_versioning(client: S3Client, bucket: str) -> None:
    with translated():
        status = client.get_bucket_versioning(Bucket=bucket).get("Status")
    if status == "Enabled":
        raise BucketUnfit(f"bucket {bucket} keeps old versions, so nothing in it is ever deleted: turn versioning off")


def rules(days: int) -> list[LifecycleRuleTypeDef]:
    """A safety net for retention: the store itself deletes what the server failed to delete.

    S3 counts from an object's creation and rounds up to midnight, so it never deletes before the server does.
    """
    unfinished = UPLOAD_HOURS // 24 + 1
    return [
        {
            "ID": "picsafe-packages",
            "Status": "Enabled",
            "Filter": {"Prefix": PACKAGES},
            "Expiration": {"Days": days},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": unfinished},
        },
        {
            "ID": "picsafe-uploads",
            "Status": "Enabled",
            "Filter": {"Prefix": UPLOADS},
            "Expiration": {"Days": unfinished},
        },
    ]


def _ensure_lifecycle(client: S3Client, bucket: str, days: int) -> None:
    ours = rules(days)
    found = _lifecycle(client, bucket)
    names = {rule["ID"] for rule in ours}
    theirs = [rule for rule in found if rule.get("ID") not in names]
    # Compared by what we set: a store may add fields of its own.
    kept = {rule.get("ID"): rule for rule in found}
    if all(rule.items() <= kept.get(rule["ID"], {}).items() for rule in ours):
        return
    with translated():
        client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [*theirs, *ours]})


def _lifecycle(client: S3Client, bucket: str) -> list[LifecycleRuleOutputTypeDef]:
    try:
        with translated():
            return client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    except NothingThere:
        return []

"""Uploading a package through the cloud role into a real S3 store, against boto3 uploading the same file into it directly.

Both send parts of 8 MiB, four at a time, and take turns. The cloud's way ends with the answer to `complete`: stored whole and
verified. Client, server and store share the machine, so what the server adds to boto3's own work cannot cost nothing.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.ratios import Ratio
from boto3.s3.transfer import TransferConfig
from harness.ceph import running_ceph
from harness.s3_buckets import Bucket, made_bucket
from harness.server_process import Process, running_server

from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.contracts.limits import MIB, UPLOAD_PART_BYTES
from picsafe_protocol.contracts.tokens import GRANT_TYPE
from picsafe_server.auth.tokens import Signer
from picsafe_server.runtime.clock import SystemClock

SIZE = 256 * MIB
AT_ONCE = 4
TURNS = 5
BUDGET = 0.6


def run() -> list[Ratio]:
    """Measure; MiB a second, medians of turns."""
    with running_ceph() as ceph, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bucket = made_bucket(ceph)
        package = folder / "package"
        package.write_bytes(os.urandom(SIZE))
        settings: dict[str, Any] = {
            **ceph.environment,
            "PICSAFE_ROLES": "users,cloud",
            "PICSAFE_S3_BUCKETS": f"au={bucket.name}",
            "PICSAFE_S3_ENDPOINT": bucket.endpoint,
        }
        with running_server(folder, **settings) as server:
            issuer = f"http://localhost:{server.port}/users"
            signer = Signer.from_file(issuer, folder / "data" / "users" / "signing.pem", SystemClock())
            ours, theirs = [], []
            for _ in range(TURNS + 1):  # the first warms up
                ours.append(_speed(lambda: _through_the_cloud(server, signer, package)))
                theirs.append(_speed(lambda: _directly(bucket, package)))
                for key in bucket.objects():
                    bucket.client.delete_object(Bucket=bucket.name, Key=key)
    measured, reference = statistics.median(ours[1:]), statistics.median(theirs[1:])
    name = "uploading 256 MiB through the cloud, against boto3 into the same S3"
    return [Ratio(name, measured, reference, measured / reference, BUDGET, "MiB/s")]


def _speed(upload: Callable[[], None]) -> float:
    began = time.perf_counter()
    upload()
    return SIZE / MIB / (time.perf_counter() - began)


def _directly(bucket: Bucket, package: Path) -> None:
    transfer = TransferConfig(
        multipart_threshold=UPLOAD_PART_BYTES, multipart_chunksize=UPLOAD_PART_BYTES, max_concurrency=AT_ONCE
    )
    bucket.client.upload_file(str(package), bucket.name, "directly", Config=transfer)


def _through_the_cloud(server: Process, signer: Signer, package: Path) -> None:
    report_id = new_identifier()
    audience = f"http://localhost:{server.port}/cloud/au"
    grant = signer.sign(GRANT_TYPE, audience, 3600, sub=new_identifier(), act="package.upload", rid=report_id)
    url = f"/cloud/au/v1/uploads/{report_id}"
    _call(server, "POST", url, grant, {"size": SIZE})

    def put(index: int) -> bytes:
        with package.open("rb") as file:
            file.seek(index * UPLOAD_PART_BYTES)
            part = file.read(UPLOAD_PART_BYTES)
        digest = base64.b64encode(hashlib.sha256(part).digest()).decode()
        _call(server, "PUT", f"{url}/parts/{index}", grant, part, {"Content-Digest": f"sha-256=:{digest}:"})
        return part

    whole = hashlib.sha256()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for part in threads.map(put, range(-(-SIZE // UPLOAD_PART_BYTES))):
            whole.update(part)
    _call(server, "POST", f"{url}/complete", grant, {"sha256": whole.hexdigest()})


def _call(
    server: Process, method: str, url: str, grant: str, body: dict[str, Any] | bytes, more: dict[str, str] | None = None
) -> None:
    headers = {"Authorization": f"Bearer {grant}", **(more or {})}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    if not isinstance(body, bytes):
        headers["Content-Type"] = "application/json"
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    try:
        connection.request(method, url, content, headers)
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    if answer.status >= 300:
        raise RuntimeError(f"{method} {url}: {answer.status} {text.decode()}")

"""The public keys of a region's receipts."""

from __future__ import annotations

from litestar import get

from picsafe_protocol.contracts.errors import NotFound
from picsafe_server.auth.jwks import PublicKeys
from picsafe_server.auth.tokens import JWKS_PATH
from picsafe_server.cloud.api.guards import AnyRequest
from picsafe_server.cloud.region import cloud_of
from picsafe_server.http.guards import PUBLIC, route_access


@get(JWKS_PATH, summary="Public keys of receipts", tags=["cloud"], **route_access(PUBLIC, NotFound))
async def jwks(request: AnyRequest) -> PublicKeys:
    """A JWK Set (RFC 7517), Ed25519 (RFC 8037)."""
    return PublicKeys.of(cloud_of(request).signer.jwks())

"""`/users/.well-known/jwks.json`: the public keys for verifying what the user server signs."""

from __future__ import annotations

from litestar import Response, get

from picsafe_server.auth.jwks import PublicKeys
from picsafe_server.auth.tokens import JWKS_SECONDS
from picsafe_server.http.guards import PUBLIC, route_access
from picsafe_server.users.api.dependencies import ServicesDependency


@get("/.well-known/jwks.json", summary="Public keys of the user server", tags=["users"], **route_access(PUBLIC))
async def jwks(services: ServicesDependency) -> Response[PublicKeys]:
    """RFC 7517, Ed25519 (RFC 8037)."""
    return Response(PublicKeys.of(services.signer.jwks()), headers={"Cache-Control": f"public, max-age={JWKS_SECONDS}"})

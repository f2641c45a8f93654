"""How we prove to a payer's token endpoint who we are: a signed assertion, or a client secret.

RFC 6749 2.3.1 and 4.4, RFC 7523, SMART App Launch 2.2 backend services: exp at most five minutes after iat, a fresh
jti each time, aud exactly the token endpoint.
"""

from base64 import b64encode
from urllib.parse import quote

from authlib.oauth2.rfc7523.assertion import sign_jwt_bearer_assertion

from gateway.adapters.payer.keys import Keys, read_secret
from gateway.model.errors import ConfigFault
from gateway.payers.profile import PayerProfile
from gateway.ports import Clock

ASSERTION_SECONDS = 240
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def credentials(payer: PayerProfile, keys: Keys, clock: Clock, url: str) -> tuple[dict[str, str], dict[str, str]]:
    """The headers and the form of a token request to `url`, with a fresh assertion where the payer wants one.

    Raises:
        ConfigFault: the key or the secret is not there.
    """
    auth = payer.auth
    form = {"grant_type": "client_credentials"} | ({"scope": auth.scope} if auth.scope else {})
    if auth.method == "private_key_jwt":
        assertion = _assertion(payer, keys, clock, url)
        return {}, form | {"client_assertion_type": _ASSERTION_TYPE, "client_assertion": assertion}
    try:
        secret = read_secret(auth.secret, payer.path.parent)
    except ValueError as fault:
        raise ConfigFault(f"{payer.path}: auth.secret: {fault}", fix="Set the secret.") from None
    if auth.method == "client_secret_post":
        return {}, form | {"client_id": auth.client_id, "client_secret": secret}
    # RFC 6749 2.3.1: both halves are form-encoded before they are joined
    pair = f"{quote(auth.client_id, safe='')}:{quote(secret, safe='')}"
    return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}, form


def _assertion(payer: PayerProfile, keys: Keys, clock: Clock, url: str) -> str:
    auth = payer.auth
    key = keys.signing(auth.key, auth.alg)
    # Authlib gives a fresh jti each time as long as no claims are handed in; its own default is an hour's life.
    return str(
        sign_jwt_bearer_assertion(
            key.key,
            issuer=auth.client_id,
            subject=auth.client_id,
            audience=auth.audience or url,
            issued_at=int(clock.now().timestamp()),
            expires_in=ASSERTION_SECONDS,
            header={"alg": key.alg, "kid": key.kid, "typ": "JWT"},
        )
    )

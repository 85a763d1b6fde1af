"""A device's key, and proofs that it is there (DPoP, RFC 9449)."""

import hashlib
import json
import secrets
import time
from base64 import urlsafe_b64encode

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

NUMBER_BYTES = 32  # of P-256


def base64url(data):
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def encode(value):
    return base64url(json.dumps(value, separators=(",", ":")).encode())


class Device:
    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        point = self.key.public_key().public_numbers()
        self.jwk = {"kty": "EC", "crv": "P-256", "x": self.number(point.x), "y": self.number(point.y)}

    @staticmethod
    def number(value):
        return base64url(value.to_bytes(NUMBER_BYTES, "big"))

    def proof(self, method, url, token, nonce=None):
        claims = {
            "htm": method,
            "htu": url,
            "iat": int(time.time()),
            "jti": secrets.token_urlsafe(16),
            "ath": base64url(hashlib.sha256(token.encode()).digest()),
        }
        if nonce:
            claims["nonce"] = nonce
        text = encode({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk}) + "." + encode(claims)
        r, s = decode_dss_signature(self.key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return text + "." + base64url(r.to_bytes(NUMBER_BYTES, "big") + s.to_bytes(NUMBER_BYTES, "big"))

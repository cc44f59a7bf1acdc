"""The key pair that a connection logs in with: found in its settings, loaded, and used to sign a JWT.

Settings by the names that the connector and snow have for them. The library for keys is imported by what
needs a key; the JWT is put together here, since PyJWT would take longer to load than all the rest.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfml.errors import NoConnectionError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    Key = RSAPrivateKey | EllipticCurvePrivateKey

LIFETIME = 60
"""Seconds that a JWT is good for (the connector's auth/keypair.py)."""

_AUTHENTICATOR = "SNOWFLAKE_JWT"
_FILE = ("private_key_file", "private_key_path")
_PASSPHRASE = ("private_key_file_pwd", "private_key_passphrase")
_VARIABLE = "PRIVATE_KEY_PASSPHRASE"
"""Its passphrase counts before the connection's own (snow's snow_connector.py)."""
_CURVES = {"secp256r1": ("ES256", 32), "secp384r1": ("ES384", 48), "secp521r1": ("ES512", 66)}


@dataclass(frozen=True, kw_only=True)
class KeyPair:
    """Who logs in, where, and with which key: a file's, or one that stands in the settings."""

    account: str
    user: str
    url: str
    file: Path | None
    content: str = field(default="", repr=False)
    passphrase: str | None = field(default=None, repr=False)

    @property
    def place(self) -> str:
        """Where the key is, for the user."""
        return f"the private key in {self.file}" if self.file else "the private key among the settings"

    def load(self) -> Key:
        """The private key; NoConnectionError says why there is none."""
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

        data = self._data()
        passphrase = self._passphrase_for(data)
        load = load_pem_private_key if b"-----BEGIN" in data else load_der_private_key
        try:
            key = load(data, passphrase)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey):
            wrong = f"{self.place} cannot be read" + (" with this passphrase" if passphrase else "")
            raise NoConnectionError(wrong, hint=_FORM)
        return key

    def require_private(self) -> None:
        """NoConnectionError where others can read the user's key file, as ssh has it for its own."""
        import os
        import stat

        status = self.file.stat() if self.file and self.file.exists() else None
        if status and status.st_uid == os.getuid() and status.st_mode & 0o077:
            mode = f"{stat.S_IMODE(status.st_mode):04o}"
            message = f"{self.place} can be read by others (its mode is {mode})"
            raise NoConnectionError(message, hint=f"chmod 600 '{self.file}'")

    def _data(self) -> bytes:
        if self.file is None:
            return self.content.encode() if "-----BEGIN" in self.content else _from_base64(self.content)
        try:
            return self.file.read_bytes()
        except OSError as error:
            hint = "its place is the connection's private_key_file"
            raise NoConnectionError(f"{self.place} cannot be read: {error.strerror}", hint=hint) from error

    def _passphrase_for(self, data: bytes) -> bytes | None:
        if b"ENCRYPTED" not in data:
            return None
        if not self.passphrase:
            raise NoConnectionError(
                f"{self.place} is encrypted, and there is no passphrase for it",
                hint=f"set {_VARIABLE}, or the connection's private_key_file_pwd",
            )
        return self.passphrase.encode()


def of(settings: Mapping[str, Any], environ: Mapping[str, str]) -> KeyPair | None:
    """The key pair of a connection with these settings; None where it logs in another way."""
    is_named = str(settings.get("authenticator", "")).upper() == _AUTHENTICATOR
    # The connector takes a key that is there, whatever the authenticator says (its connection.py).
    if not is_named and not (settings.get("private_key_file") or settings.get("private_key")):
        return None
    content = str(settings.get("private_key_raw") or settings.get("private_key") or "")
    file = _first(settings, _FILE)
    for name in ("account", "user"):
        if not settings.get(name):
            raise NoConnectionError(f"the connection names no {name}, which a key pair needs")
    if not (file or content):
        hint = "private_key_file names its file"
        raise NoConnectionError("the connection logs in with a key pair and names no private key", hint=hint)
    return KeyPair(
        account=_account(str(settings["account"])),
        user=str(settings["user"]).upper(),
        url=_url(settings),
        file=Path(file).expanduser() if file else None,
        content=content,
        passphrase=environ.get(_VARIABLE) or _first(settings, _PASSPHRASE),
    )


def parameters(pair: KeyPair) -> dict[str, Any]:
    """What the connector is called with for this key pair; it knows some of the settings' names only."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    der = pair.load().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    unset = dict.fromkeys(("private_key_file", "private_key_file_pwd", "private_key_passphrase"))
    return {**unset, "authenticator": _AUTHENTICATOR, "private_key": der}


def public(key: Key) -> bytes:
    """The public key as DER."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def jwt(pair: KeyPair, key: Key, *, now: float) -> str:
    """What proves the user: claims as the connector's auth/keypair.py writes them, signed (RFC 7519)."""
    digest = base64.b64encode(hashlib.sha256(public(key)).digest()).decode()
    name = f"{pair.account}.{pair.user}"
    claims = {"iss": f"{name}.SHA256:{digest}", "sub": name, "iat": int(now), "exp": int(now) + LIFETIME}
    head = {"typ": "JWT", "alg": _algorithm(key)}
    signed = ".".join(_base64url(json.dumps(part).encode()) for part in (head, claims))
    return f"{signed}.{_base64url(_signature(key, signed.encode()))}"


def _algorithm(key: Key) -> str:
    curve = getattr(key, "curve", None)
    if curve is None:
        return "RS256"
    if curve.name not in _CURVES:
        raise NoConnectionError(f"a private key on the curve {curve.name} is not taken", hint=_FORM)
    return _CURVES[curve.name][0]


def _signature(key: Key, data: bytes) -> bytes:
    """RFC 7518, sections 3.3 and 3.4: of an elliptic curve the two numbers, one after the other."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    name, size = _CURVES[key.curve.name]
    digest = {"ES256": hashes.SHA256(), "ES384": hashes.SHA384(), "ES512": hashes.SHA512()}[name]
    numbers = utils.decode_dss_signature(key.sign(data, ec.ECDSA(digest)))
    return b"".join(number.to_bytes(size, "big") for number in numbers)


_FORM = (
    "it has to be an RSA or EC key in PEM form; a new one:\n"
    "openssl genrsa 2048 | openssl pkcs8 -topk8 -nocrypt -out rsa_key.p8"
)


def _account(name: str) -> str:
    """The account's name without region and cloud (the connector's parse_account)."""
    first, _, rest = name.partition(".")
    if rest.partition(".")[0] == "global":
        first = first.rpartition("-")[0]
    return first.upper()


def _url(settings: Mapping[str, Any]) -> str:
    port = str(settings.get("port") or "")
    return f"{settings.get('protocol') or 'https'}://{host(settings)}{f':{port}' if port else ''}"


def host(settings: Mapping[str, Any]) -> str | None:
    """Where a connection's account answers, by the connector's construct_hostname."""
    named, account = settings.get("host"), settings.get("account")
    if named or not account:
        return str(named) if named else None
    return _host(str(account), str(settings.get("region") or ""))


def _host(account: str, region: str) -> str:
    if region and region != "us-west-2":
        account = f"{account.partition('.')[0]}.{region}"
    is_chinese = account.partition(".")[2].lower().startswith("cn-")
    return f"{account}.snowflakecomputing.{'cn' if is_chinese else 'com'}"


def _first(settings: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    return next((str(settings[name]) for name in names if settings.get(name)), None)


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except ValueError:
        return b""


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

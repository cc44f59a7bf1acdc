"""A certificate authority of this machine's own, for public endpoints that shall speak TLS.

Its certificate is ``ca.pem`` in the state directory; clients are told to trust it (SSL_CERT_FILE).
"""

from __future__ import annotations

import ipaddress
import os
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

CERTIFICATE = "ca.pem"
_KEY = "ca.key"
_FOR = timedelta(days=397)  # the longest that browsers take of an endpoint's


def context(state: Path, names: tuple[str, ...]) -> ssl.SSLContext:
    """What an endpoint with these names (and 127.0.0.1) speaks TLS with; HTTP/1.1 alone is offered."""
    issuer, key = _authority(state)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    file = state / "endpoint.pem"
    _write(file, _endpoint(issuer, key, names))
    made.load_cert_chain(file)
    file.unlink()
    made.set_alpn_protocols(["http/1.1"])
    return made


def _authority(state: Path) -> tuple[x509.Certificate, EllipticCurvePrivateKey]:
    """The authority, made with its first use."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    if not (state / CERTIFICATE).exists():
        fresh = ec.generate_private_key(ec.SECP256R1())
        name = _name(f"sfml local backend, {state.name} {os.urandom(4).hex()}")
        builder = _builder(name, name, fresh, days=timedelta(days=3650), is_authority=True)
        _write(state / _KEY, _key_text(fresh))
        _write(state / CERTIFICATE, _text(builder, fresh))
    key = serialization.load_pem_private_key((state / _KEY).read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return x509.load_pem_x509_certificate((state / CERTIFICATE).read_bytes()), key


def _endpoint(issuer: x509.Certificate, key: EllipticCurvePrivateKey, names: tuple[str, ...]) -> bytes:
    """An endpoint's key and certificate."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

    own = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(_name("sfml endpoint"), issuer.subject, own, days=_FOR, is_authority=False)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    subjects = x509.SubjectAlternativeName([*map(x509.DNSName, names), address])
    return _key_text(own) + _text(builder.add_extension(subjects, critical=False), key)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: EllipticCurvePrivateKey,
    *,
    days: timedelta,
    is_authority: bool,
) -> x509.CertificateBuilder:
    from cryptography import x509

    now = datetime.now(UTC)
    limits = x509.BasicConstraints(ca=is_authority, path_length=0 if is_authority else None)
    return (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + days)
        .add_extension(limits, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common: str) -> x509.Name:
    from cryptography import x509

    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])


def _text(builder: x509.CertificateBuilder, key: EllipticCurvePrivateKey) -> bytes:
    from cryptography.hazmat.primitives import hashes, serialization

    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _key_text(key: EllipticCurvePrivateKey) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(file: Path, data: bytes) -> None:
    file.touch(mode=0o600)
    file.write_bytes(data)

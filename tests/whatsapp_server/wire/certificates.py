"""Certificates made at run time: the Noise chain that stands for WhatsApp's pinned root, and a TLS authority.

The Noise chain is the root's signature over an intermediate certificate, and the intermediate's over a leaf
that holds the server's static key (whatsmeow handshake.go, verifyServerCert). Both need notBefore and notAfter.
"""

from __future__ import annotations

import datetime
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from google.protobuf.message import DecodeError

from tests.whatsapp_server.wire.keys import KeyPair, verify
from tests.whatsapp_server.wire.protos import cert

PINNED_ROOT = bytes.fromhex("142375574d0a587166aae71ebe516437c4a28b73e3695c6ce1f7f9545da8ee6b")
"""The root key that the real client has compiled in (whatsmeow handshake.go, WACertPubKey)."""

TLS_NAMES = (
    "web.whatsapp.com",
    "*.whatsapp.com",
    "*.whatsapp.net",
    "*.cdn.whatsapp.net",
    "*.fna.whatsapp.net",
)

ROOT_SERIAL = 0
INTERMEDIATE_SERIAL = 1
LEAF_SERIAL = 2
_YEARS = 20 * 365 * 86400


@dataclass(frozen=True, slots=True)
class NoiseAuthority:
    """A root of our own, the server's static key, and the chain (serialised CertChain) that joins them."""

    root: KeyPair
    static: KeyPair
    chain: bytes

    @classmethod
    def create(cls, now: float) -> NoiseAuthority:
        """Make a root and a chain that is valid for twenty years on either side of `now` (tests shift clocks)."""
        root, intermediate, static = KeyPair.generate(), KeyPair.generate(), KeyPair.generate()
        chain = cert.CertChain(
            intermediate=_noise_certificate(INTERMEDIATE_SERIAL, ROOT_SERIAL, intermediate.public, root, now),
            leaf=_noise_certificate(LEAF_SERIAL, INTERMEDIATE_SERIAL, static.public, intermediate, now),
        )
        return cls(root, static, bytes(chain.SerializeToString()))


def trusts_chain(chain: bytes, static: bytes, root: bytes, now: float) -> bool:
    """Tell whether a chain leads from a root key to the server's static key, as the real client checks it."""
    try:
        parsed = cert.CertChain.FromString(chain)
        details = cert.CertChain.NoiseCertificate.Details
        intermediate = details.FromString(parsed.intermediate.details)
        leaf = details.FromString(parsed.leaf.details)
    except DecodeError:
        return False
    return (
        verify(root, parsed.intermediate.details, parsed.intermediate.signature)
        and verify(intermediate.key, parsed.leaf.details, parsed.leaf.signature)
        and intermediate.issuerSerial == ROOT_SERIAL
        and leaf.issuerSerial == intermediate.serial
        and bool(leaf.key == static)
        and all(part.notBefore <= now <= part.notAfter for part in (intermediate, leaf))
    )


def _noise_certificate(serial: int, issuer: int, key: bytes, signer: KeyPair, now: float):  # type: ignore[no-untyped-def]
    details = cert.CertChain.NoiseCertificate.Details(
        serial=serial, issuerSerial=issuer, key=key, notBefore=int(now) - _YEARS, notAfter=int(now) + _YEARS
    ).SerializeToString()
    return cert.CertChain.NoiseCertificate(details=details, signature=signer.sign(details))


@dataclass(frozen=True, slots=True)
class TlsAuthority:
    """A certificate authority and one server certificate for all names the client connects to, as PEM files."""

    authority_file: Path
    chain_file: Path
    key_file: Path

    @classmethod
    def create(cls, folder: Path) -> TlsAuthority:
        """Make both and write them into a folder; point SSL_CERT_FILE at `authority_file`."""
        authority_key, leaf_key = (
            ec.generate_private_key(ec.SECP256R1()),
            ec.generate_private_key(ec.SECP256R1()),
        )
        authority_public = authority_key.public_key()
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Simulated WhatsApp")])
        authority = (
            _tls_builder(name, name, authority_public, authority_public)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage("key_cert_sign", "crl_sign"), critical=True)
            .sign(authority_key, hashes.SHA256())
        )
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, TLS_NAMES[0])])
        leaf = (
            _tls_builder(subject, name, leaf_key.public_key(), authority_public)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(item) for item in TLS_NAMES]), critical=False)
            .add_extension(_key_usage("digital_signature"), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(authority_key, hashes.SHA256())
        )
        files = cls(folder / "authority.pem", folder / "server.pem", folder / "server.key")
        pem = serialization.Encoding.PEM
        files.authority_file.write_bytes(authority.public_bytes(pem))
        files.chain_file.write_bytes(leaf.public_bytes(pem))
        files.key_file.touch(mode=0o600)
        files.key_file.write_bytes(
            leaf_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        return files

    def server_context(self) -> ssl.SSLContext:
        """Give the context of the server's side; HTTP/1.1 only, the websocket needs it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain_file, self.key_file)
        context.set_alpn_protocols(["http/1.1"])
        return context


def _tls_builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    issuer_key: ec.EllipticCurvePublicKey,
) -> x509.CertificateBuilder:
    """What both certificates say; from Python 3.13 on a client insists on the two key identifiers."""
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=3650))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )


def _key_usage(*purposes: str) -> x509.KeyUsage:
    known = (
        *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
        *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
    )
    return x509.KeyUsage(**{purpose: purpose in purposes for purpose in known})

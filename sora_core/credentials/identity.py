"""Who signs: the operator's certificates, or a development authority made at the first start."""

import os
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from errors import BootRefused

FOLDER = "credentials"
ROOTS, CHAIN, KEY = "roots.pem", "chain.pem", "key.pem"
LIFETIME = timedelta(days=3650)
BACKDATED = timedelta(days=1)  # other machines' clocks may be behind


@dataclass(frozen=True)
class Identity:
    """PEM text each.

    chain  the signing certificate, then those between it and its root
    key    of the signing certificate, PKCS#8, ES256
    roots  whoever is trusted, and nobody else: what a stranger signed reads `valid` at most
    """

    chain: str
    key: str = field(repr=False)
    roots: str


def open_identity(
    data: Path,
    now: datetime,
    certificates: Path | None = None,
    key: Path | None = None,
    roots: Path | None = None,
) -> Identity:
    """The operator's identity where `certificates` is given; else the development one in `data`,
    made there, mode 0600, where it is missing.

    roots  trusted besides: the operator's own root, and authorities of former days
    Raises BootRefused where a file is missing or half of the pair is.
    """
    if (certificates is None) != (key is None):
        raise BootRefused(
            "GREENROOM_SIGNING_CERTIFICATES and GREENROOM_SIGNING_KEY go together: "
            "set both, or neither."
        )
    if certificates is not None and key is not None:
        trusted = read_pem(roots, "GREENROOM_SIGNING_ROOTS") if roots else ""
        if not trusted:
            raise BootRefused(
                "GREENROOM_SIGNING_ROOTS is missing: the root your certificates end in."
            )
        chain = read_pem(certificates, "GREENROOM_SIGNING_CERTIFICATES")
        return Identity(chain, read_pem(key, "GREENROOM_SIGNING_KEY"), trusted)
    folder = data / FOLDER
    if not folder.is_dir():
        make_identity(folder, now)
    ours = Identity(*(read_pem(folder / name, str(folder)) for name in (CHAIN, KEY, ROOTS)))
    more = read_pem(roots, "GREENROOM_SIGNING_ROOTS") if roots else ""
    return Identity(ours.chain, ours.key, ours.roots + more)


def read_pem(path: Path, setting: str) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise BootRefused(f"{setting}: {path.name} cannot be read as PEM text.") from error


def make_identity(folder: Path, now: datetime) -> None:
    """A root and a certificate it signed, whole or not at all; keeps a folder that is there first.

    The root's own key is kept nowhere: nobody can sign in its name again.
    """
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = certify("Greenroom development root", root_key.public_key(), root_key, now, is_root=True)
    leaf = certify("Greenroom development", key.public_key(), root_key, now, is_root=False)
    texts = {
        ROOTS: root.public_bytes(serialization.Encoding.PEM),
        CHAIN: b"".join(made.public_bytes(serialization.Encoding.PEM) for made in (leaf, root)),
        KEY: key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    }
    draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".credentials-"))
    for name, text in texts.items():
        (draft / name).write_bytes(text)
        (draft / name).chmod(0o600)
    # A folder that holds something is never replaced: of two that start together one wins.
    try:
        os.rename(draft, folder)
    except OSError:
        shutil.rmtree(draft)


def certify(
    name: str,
    public_key: ec.EllipticCurvePublicKey,
    root_key: ec.EllipticCurvePrivateKey,
    now: datetime,
    *,
    is_root: bool,
) -> x509.Certificate:
    """A certificate as C2PA 2.x, section 14.5, wants it: AKI, key usage, e-mail protection."""
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "encipher_only", "decipher_only"), False
    )  # fmt: skip
    issuer = root_key.public_key()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(distinguished(name))
        .issuer_name(distinguished("Greenroom development root"))
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.BasicConstraints(is_root, 0 if is_root else None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not is_root, key_cert_sign=is_root, crl_sign=is_root, **usage
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), critical=False)
    )
    if not is_root:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        certificate = certificate.add_extension(purpose, critical=False)
    return certificate.sign(root_key, hashes.SHA256())


def distinguished(name: str) -> x509.Name:
    organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Greenroom")
    return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, name)])


def utc(now_ms: int) -> datetime:
    return datetime.fromtimestamp(now_ms / 1000, UTC)

"""A film that leaves says what drew it and out of what; a film that was changed is found out."""

import shutil
import stat
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image

from errors import BadSpec, BootRefused, StoreFailed
from sora_core.credentials.__main__ import main
from sora_core.credentials.identity import Identity, certify, make_identity, open_identity
from sora_core.credentials.reading import read_credentials
from sora_core.credentials.signer import Claim, Signer
from tests.sora_core.credentials.films import plain_film

NOW = datetime.now(UTC)
MADE_AT = 1_790_000_000_000
TEXT = Claim(model="Sprout", variant="turbo", operation="text", made_at=MADE_AT, mark=0xABC)


@pytest.fixture
def identity(tmp_path: Path) -> Identity:
    return open_identity(tmp_path, NOW)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return plain_film(tmp_path / "film.mp4")


def signed_film(path: Path, identity: Identity, claim: Claim = TEXT) -> Path:
    Signer(identity).sign(plain_film(path), claim)
    return path


def test_signed_film_says_what_drew_it_when_and_its_mark(film: Path, identity: Identity) -> None:
    Signer(identity).sign(film, TEXT)
    (step,) = read_credentials(film, identity.roots)
    assert (step.relation, step.state) == ("itself", "trusted")
    assert step.made_by_a_model
    assert (step.model, step.software) == ("Sprout turbo", "Greenroom 0.1.0")
    assert step.when == datetime.fromtimestamp(MADE_AT / 1000, UTC)
    assert step.mark == "000000000abc"


def test_film_keeps_its_index_in_front_when_signed(film: Path, identity: Identity) -> None:
    """Browsers begin to play before the whole is there."""
    Signer(identity).sign(film, TEXT)
    content = film.read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat")


def test_film_without_credentials_says_nothing(film: Path, identity: Identity) -> None:
    assert [step.state for step in read_credentials(film, identity.roots)] == ["none"]


@pytest.mark.parametrize("place", [-1, -2000, 60, 100, b"Sprout", b"Greenroom development"])
def test_film_reads_broken_when_one_byte_is_another(
    tmp_path: Path, identity: Identity, place: int | bytes
) -> None:
    """In the pictures, in the credentials, in the certificate, in the box around them."""
    film = signed_film(tmp_path / "film.mp4", identity)
    content = bytearray(film.read_bytes())
    content[content.index(place) if isinstance(place, bytes) else place] ^= 0xFF
    film.write_bytes(content)
    assert read_credentials(film, identity.roots)[0].state == "broken"


def test_film_signed_by_a_stranger_of_the_same_name_is_valid_not_trusted(
    tmp_path: Path, identity: Identity
) -> None:
    make_identity(tmp_path / "theirs", NOW)
    theirs = Identity(*((tmp_path / "theirs" / name).read_text() for name in PEMS))
    film = signed_film(tmp_path / "film.mp4", theirs)
    assert read_credentials(film, identity.roots)[0].state == "valid"
    assert read_credentials(film, identity.roots + theirs.roots)[0].state == "trusted"


PEMS = ("chain.pem", "key.pem", "roots.pem")


def test_copy_without_reencoding_loses_the_credentials(tmp_path: Path, identity: Identity) -> None:
    """Why signing comes last, and why an invisible mark stands beside it."""
    film = signed_film(tmp_path / "film.mp4", identity)
    copied = [get_ffmpeg_exe(), "-loglevel", "error", "-i", film, "-c", "copy", tmp_path / "c.mp4"]
    subprocess.run(copied, check=True)
    assert read_credentials(tmp_path / "c.mp4", identity.roots)[0].state == "none"


@pytest.mark.parametrize("operation", ["remix", "extend", "extend_back", "loop"])
def test_film_that_goes_on_from_another_names_it_as_parent(
    tmp_path: Path, identity: Identity, operation: str
) -> None:
    parent = signed_film(tmp_path / "parent.mp4", identity)
    claim = replace(TEXT, operation=operation, sources=[parent], mark=2)
    steps = read_credentials(signed_film(tmp_path / "child.mp4", identity, claim), identity.roots)
    assert [(step.relation, step.state, step.mark, step.depth) for step in steps] == [
        ("itself", "trusted", "000000000002", 0),
        ("parent", "trusted", "000000000abc", 1),
    ]


def test_chain_of_a_remix_of_a_remix_is_whole(tmp_path: Path, identity: Identity) -> None:
    film = signed_film(tmp_path / "0.mp4", identity)
    for number in (1, 2, 3):
        claim = replace(TEXT, operation="remix", sources=[film])
        film = signed_film(tmp_path / f"{number}.mp4", identity, claim)
    steps = read_credentials(film, identity.roots)
    assert [(step.state, step.depth) for step in steps] == [("trusted", n) for n in range(4)]


def test_film_from_a_picture_and_a_blend_name_their_inputs(
    tmp_path: Path, identity: Identity
) -> None:
    picture, one = tmp_path / "picture.jpg", signed_film(tmp_path / "1.mp4", identity)
    Image.new("RGB", (32, 32), "red").save(picture)
    for operation, sources in {"image": [picture], "blend": [one, picture]}.items():
        claim = replace(TEXT, operation=operation, sources=sources)
        film = signed_film(tmp_path / f"{operation}.mp4", identity, claim)
        steps = read_credentials(film, identity.roots)
        assert [step.state for step in steps] == [
            "trusted",
            *("none" if source == picture else "trusted" for source in sources),
        ]
        assert {step.relation for step in steps[1:]} == {"input"}


def test_parent_that_was_changed_reads_broken_in_a_trusted_child(
    tmp_path: Path, identity: Identity
) -> None:
    parent = signed_film(tmp_path / "parent.mp4", identity)
    content = bytearray(parent.read_bytes())
    content[-1] ^= 1
    parent.write_bytes(content)
    claim = replace(TEXT, operation="remix", sources=[parent])
    child = signed_film(tmp_path / "child.mp4", identity, claim)
    states = [step.state for step in read_credentials(child, identity.roots)]
    assert states == ["trusted", "broken"]


@pytest.mark.parametrize("content", [b"", b"hello", b"\0" * 4096, b"\x1aE\xdf\xa3" + b"\0" * 99])
def test_reading_refuses_what_is_no_mp4(tmp_path: Path, identity: Identity, content: bytes) -> None:
    (tmp_path / "clip.mp4").write_bytes(content)
    with pytest.raises(BadSpec, match="no MP4 film"):
        read_credentials(tmp_path / "clip.mp4", identity.roots)


def test_film_stays_as_it_was_when_it_cannot_be_signed(film: Path, identity: Identity) -> None:
    before, gone = film.read_bytes(), film.parent / "gone.mp4"
    with pytest.raises(StoreFailed):
        Signer(identity).sign(film, replace(TEXT, operation="remix", sources=[gone]))
    assert film.read_bytes() == before
    assert not film.with_suffix(".signed.mp4").exists()


def test_first_start_makes_an_identity_that_only_we_can_read(tmp_path: Path) -> None:
    made = open_identity(tmp_path, NOW)
    assert open_identity(tmp_path, NOW + timedelta(days=9)) == made
    folder = tmp_path / "credentials"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == dict.fromkeys(PEMS, 0o600)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert made.key not in repr(made)


def test_identity_of_whoever_was_first_is_kept_when_two_start_together(tmp_path: Path) -> None:
    first = open_identity(tmp_path, NOW)
    make_identity(tmp_path / "credentials", NOW)
    assert open_identity(tmp_path, NOW) == first
    assert [path.name for path in tmp_path.iterdir()] == ["credentials"]


def test_operators_own_certificates_sign(tmp_path: Path, film: Path) -> None:
    make_identity(tmp_path / "own", NOW)
    chain, key, roots = (tmp_path / "own" / name for name in PEMS)
    own = open_identity(tmp_path, NOW, chain, key, roots)
    Signer(own).sign(film, TEXT)
    assert read_credentials(film, own.roots)[0].state == "trusted"
    assert not (tmp_path / "credentials").exists()


def test_former_roots_stay_trusted_beside_the_development_root(
    tmp_path: Path, film: Path, identity: Identity
) -> None:
    Signer(identity).sign(film, TEXT)
    (tmp_path / "former.pem").write_text(identity.roots)
    shutil.rmtree(tmp_path / "credentials")
    anew = open_identity(tmp_path, NOW, roots=tmp_path / "former.pem")
    assert read_credentials(film, anew.roots)[0].state == "trusted"


@pytest.mark.parametrize("missing", PEMS)
def test_half_an_identity_is_refused_at_start(tmp_path: Path, missing: str) -> None:
    make_identity(tmp_path / "own", NOW)
    paths = [None if name == missing else tmp_path / "own" / name for name in PEMS]
    with pytest.raises(BootRefused, match="GREENROOM_SIGNING_"):
        open_identity(tmp_path, NOW, *paths)


def test_expired_certificate_is_refused_at_start(tmp_path: Path) -> None:
    make_identity(tmp_path / "old", NOW - timedelta(days=4000))
    old = Identity(*((tmp_path / "old" / name).read_text() for name in PEMS))
    with pytest.raises(BootRefused, match="cannot sign"):
        Signer(old)


def test_certificates_of_another_root_are_refused_at_start(
    tmp_path: Path, identity: Identity
) -> None:
    make_identity(tmp_path / "other", NOW)
    with pytest.raises(BootRefused, match="holds no root"):
        Signer(replace(identity, roots=(tmp_path / "other/roots.pem").read_text()))


def test_development_root_can_sign_nothing_but_the_one_certificate() -> None:
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    root = certify("root", key.public_key(), key, NOW, is_root=True)
    constraints = root.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (constraints.ca, constraints.path_length) == (True, 0)


def test_verify_command_shows_the_chain_and_says_when_it_is_broken(
    tmp_path: Path, identity: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    parent = signed_film(tmp_path / "parent.mp4", identity)
    claim = replace(TEXT, operation="remix", sources=[parent])
    child = signed_film(tmp_path / "child.mp4", identity, claim)
    roots = str(tmp_path / "credentials/roots.pem")
    assert main(["verify", str(child), "--roots", roots]) == 0
    told = capsys.readouterr().out
    assert "Trusted" in told
    assert "remix" in told
    assert "parent (trusted)" in told

    content = bytearray(child.read_bytes())
    content[-1] ^= 1
    child.write_bytes(content)
    assert main(["verify", str(child), "--roots", roots]) == 1
    assert "Broken" in capsys.readouterr().out
    assert main(["verify", str(tmp_path / "nothing.mp4"), "--roots", roots]) == 2

"""A proof counts for one request, of one device, once; whatever else it may be is refused."""

import base64
import hashlib
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, RSAKey

from auth.binding import SpentProof
from auth.keys import keyed
from auth.proofs import CLOCKS_APART_MS, IAT_SLACK_MS, PROOF_MAX_BYTES, WINDOW_MS, Proof, Proofs
from auth.spending import RedisSpending, Spending, SqlSpending
from clients.greenroom_client import encode, public_jwk, sign_compact
from database import Database
from errors import NonceNeeded, ProofInvalid, Unavailable
from settings import Settings
from tests.auth.conftest import NOON
from tests.services import free_port

URL, PATH, TOKEN = "https://room.example", "/jobs", "grm_api_of_somebody"
KEY = ec.generate_private_key(ec.SECP256R1())
PROOFS = Proofs(URL, b"k" * 32)
ATH = encode(hashlib.sha256(TOKEN.encode()).digest())
ABSENT = object()
LONGER_X = encode(b"\0" + base64.urlsafe_b64decode(public_jwk(KEY)["x"] + "="))  # the same number
LEAKED = {**public_jwk(KEY), "d": encode(b"d" * 32)}
STRANGER = public_jwk(ec.generate_private_key(ec.SECP256R1()))


def header(**changes: Any) -> dict[str, Any]:
    return changed({"typ": "dpop+jwt", "alg": "ES256", "jwk": public_jwk(KEY)}, changes)


def claims(**changes: Any) -> dict[str, Any]:
    right = {
        "jti": "once",
        "htm": "POST",
        "htu": f"{URL}{PATH}",
        "iat": NOON // 1000,
        "nonce": PROOFS.nonce(NOON),
    }
    return changed(right, changes)


def changed(right: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**right, **changes}.items() if value is not ABSENT}


def verify(
    text: str, *, proofs: Proofs = PROOFS, token: str | None = None, now_ms: int = NOON
) -> Proof:
    return proofs.verify(text, method="POST", path=PATH, token=token, now_ms=now_ms)


def fault(text: str, **request: Any) -> str:
    """The claim that a refusal names."""
    with pytest.raises(ProofInvalid) as refusal:
        verify(text, **request)
    return refusal.value.claim


def test_right_proof_names_its_key_by_thumbprint() -> None:
    proof = verify(sign_compact(KEY, header(), claims()))
    assert proof.jkt == ECKey.import_key(public_jwk(KEY)).thumbprint()
    assert not proof.ageing


def test_same_jti_of_another_key_is_another_proof() -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    one = verify(sign_compact(KEY, header(), claims()))
    two = verify(sign_compact(other, header(jwk=public_jwk(other)), claims()))
    assert one.id != two.id
    assert one.id == verify(sign_compact(KEY, header(), claims(iat=NOON // 1000 - 1))).id


@pytest.mark.parametrize(
    ("change", "claim"),
    [
        ({"htm": "GET"}, "htm"),
        ({"htm": "post"}, "htm"),
        ({"htm": ABSENT}, "htm"),
        ({"htu": f"{URL}/me"}, "htu"),
        ({"htu": f"{URL}{PATH}/"}, "htu"),
        ({"htu": f"{URL}{PATH}?seed=1"}, "htu"),
        ({"htu": f"http://room.example{PATH}"}, "htu"),
        ({"htu": f"https://evil.example{PATH}"}, "htu"),
        ({"htu": f"https://room.example.evil.example{PATH}"}, "htu"),
        ({"htu": f"https://localhost{PATH}"}, "htu"),
        ({"htu": [f"{URL}{PATH}"]}, "htu"),
        ({"htu": ABSENT}, "htu"),
        ({"iat": (NOON + IAT_SLACK_MS) // 1000 + 1}, "iat"),
        ({"iat": (NOON - IAT_SLACK_MS) // 1000 - 1}, "iat"),
        ({"iat": str(NOON // 1000)}, "iat"),
        ({"iat": True}, "iat"),
        ({"iat": ABSENT}, "iat"),
        ({"jti": ""}, "jti"),
        ({"jti": "x" * 257}, "jti"),
        ({"jti": 5}, "jti"),
        ({"jti": ["x"]}, "jti"),
        ({"jti": ABSENT}, "jti"),
        ({"ath": ATH}, "ath"),
        ({"nonce": ABSENT}, "nonce"),
        ({"nonce": ""}, "nonce"),
        ({"nonce": 5}, "nonce"),
        ({"nonce": "\ud800é"}, "nonce"),
        ({"nonce": Proofs(URL, b"o" * 32).nonce(NOON)}, "nonce"),
        ({"nonce": PROOFS.nonce(NOON + WINDOW_MS)}, "nonce"),
        ({"nonce": PROOFS.nonce(NOON - 2 * WINDOW_MS)}, "nonce"),
    ],
)
def test_proof_for_something_else_is_refused_by_the_claim(
    change: dict[str, Any], claim: str
) -> None:
    assert fault(sign_compact(KEY, header(), claims(**change))) == claim


@pytest.mark.parametrize(
    ("change", "claim"),
    [
        ({"typ": "JWT"}, "typ"),
        ({"typ": ABSENT}, "typ"),
        ({"alg": "none"}, "alg"),
        ({"alg": "HS256"}, "alg"),
        ({"alg": "RS256"}, "alg"),
        ({"alg": "ES384"}, "alg"),
        ({"alg": ["ES256"]}, "alg"),
        ({"alg": ABSENT}, "jws"),
        ({"crit": ["b64"], "b64": True}, "crit"),
        ({"crit": ["exp"], "exp": 1}, "crit"),
        ({"crit": []}, "crit"),
        ({"b64": False}, "jws"),
        ({"jwk": ABSENT}, "jwk"),
        ({"jwk": "x"}, "jwk"),
        ({"jwk": {"kty": "oct", "k": "c2VjcmV0"}}, "jwk"),
        ({"jwk": {**public_jwk(KEY), "crv": "P-384"}}, "jwk"),
        ({"jwk": LEAKED}, "jwk"),
        ({"jwk": {**public_jwk(KEY), "d": None}}, "jwk"),
        ({"jwk": {**public_jwk(KEY), "x": public_jwk(KEY)["x"] + "="}}, "jws"),
        ({"jwk": {**public_jwk(KEY), "x": LONGER_X}}, "jwk"),
        ({"jwk": {**public_jwk(KEY), "y": encode(b"\0" + b"y" * 31)}}, "jws"),
        ({"jwk": {**public_jwk(KEY), "y": ABSENT}}, "jws"),
        ({"jwk": STRANGER}, "signature"),
    ],
)
def test_proof_of_another_kind_is_refused_by_the_header(change: dict[str, Any], claim: str) -> None:
    if isinstance(change.get("jwk"), dict):
        change = {"jwk": changed(change["jwk"], {})}
    assert fault(sign_compact(KEY, header(**change), claims())) == claim


@pytest.mark.parametrize(
    ("headers", "claimed", "why"),
    [
        ({"typ": "JWT"}, {}, "its typ is not dpop+jwt"),
        ({"alg": "HS256"}, {}, "its alg is not ES256"),
        ({"crit": []}, {}, "it asks for extensions"),
        ({"jwk": "x"}, {}, "its key is not P-256"),
        ({"jwk": LEAKED}, {}, "it gives its private key away, so make a new key"),
        ({"jwk": STRANGER}, {}, "the key differs"),
        ({}, {"htm": "GET"}, "it was made for another method"),
        ({}, {"htu": "https://evil.example/"}, f"it was not made for {URL}{PATH}"),
        ({}, {"iat": 0}, "the device's clock is wrong"),
        ({}, {"jti": ""}, "it has no jti"),
        ({}, {"ath": ATH}, "it was not made for this token"),
    ],
)
def test_refusal_of_a_proof_says_what_is_wrong_and_what_to_do(
    headers: dict[str, Any], claimed: dict[str, Any], why: str
) -> None:
    with pytest.raises(ProofInvalid) as refusal:
        verify(sign_compact(KEY, header(**headers), claims(**claimed)))
    assert str(refusal.value) == (
        f"The proof of your device was refused: {why}. Reload the page and try again; "
        "a script signs each request anew."
    )


def test_proof_signed_with_another_algorithm_is_refused_even_when_the_signature_is_right() -> None:
    rsa, secret = RSAKey.generate_key(2048), OctKey.import_key(encode(b"s" * 32))
    body = json.dumps(claims())
    for alg, key, jwk in (
        ("RS256", rsa, rsa.as_dict(private=False)),
        ("HS256", secret, public_jwk(KEY)),
    ):
        registry = jws.JWSRegistry(algorithms=[alg])
        registry.max_header_length = 4096
        assert fault(jws.serialize_compact(header(alg=alg, jwk=jwk), body, key, registry=registry))
    unsigned = sign_compact(KEY, header(alg="none"), claims()).rpartition(".")[0] + "."
    assert fault(unsigned) == "alg"


def test_proof_with_one_letter_changed_is_refused() -> None:
    head, body, signature = sign_compact(KEY, header(), claims()).split(".")
    other = encode(json.dumps(claims(htm="POST", jti="twice")).encode())
    assert fault(f"{head}.{other}.{signature}") == "signature"
    raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
    raw[40] ^= 1
    assert fault(f"{head}.{body}.{encode(bytes(raw))}") == "signature"


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", "a.b", "a.b.c", "a.b.c.d", "é.é.é", "\ud800", "e30.e30.", "bnVsbA.bnVsbA.AAAA"],
)
def test_text_that_is_no_proof_is_refused(text: str) -> None:
    assert fault(text) == "jws"


@pytest.mark.parametrize("payload", [[], "x", 5, None, [claims()]])
def test_proof_that_claims_nothing_is_refused(payload: Any) -> None:
    assert fault(sign_compact(KEY, header(), payload)) == "jws"


def test_proof_too_long_is_refused_unread() -> None:
    room = PROOF_MAX_BYTES - len(sign_compact(KEY, header(), claims(jti="")))
    assert fault(sign_compact(KEY, header(), claims(jti="", more="x" * room))) == "size"
    assert verify(sign_compact(KEY, header(), claims(more="x" * (room // 2))))


@pytest.mark.parametrize("jti", ["x", "x" * 256], ids=len)
def test_proof_of_the_shortest_and_of_the_longest_name_is_right(jti: str) -> None:
    assert verify(sign_compact(KEY, header(), claims(jti=jti))).until_ms > NOON


def test_token_asks_for_a_proof_that_was_made_for_it() -> None:
    assert verify(sign_compact(KEY, header(), claims(ath=ATH)), token=TOKEN)
    for ath in (ABSENT, "", None, ATH + "=", encode(hashlib.sha256(b"another").digest())):
        assert fault(sign_compact(KEY, header(), claims(ath=ath)), token=TOKEN) == "ath"


def test_nonce_is_good_in_its_window_and_the_next_and_says_when_it_ages() -> None:
    start = NOON // WINDOW_MS * WINDOW_MS

    def at(now_ms: int) -> Proof:
        return verify(sign_compact(KEY, header(), claims()), now_ms=now_ms)

    assert not at(start + WINDOW_MS - 1).ageing
    assert at(start + WINDOW_MS).ageing
    assert at(start + 2 * WINDOW_MS - 1).ageing
    with pytest.raises(NonceNeeded):
        at(start + 2 * WINDOW_MS)


@pytest.mark.parametrize("off_ms", [-600_000, 600_000])
def test_device_whose_clock_is_ten_minutes_off_is_served(off_ms: int) -> None:
    assert verify(sign_compact(KEY, header(), claims(iat=(NOON + off_ms) // 1000)))


def test_proof_is_remembered_longer_than_any_server_takes_it() -> None:
    """Also a server whose clock is wrong: its windows come later."""
    proof = verify(sign_compact(KEY, header(), claims()))
    late = proof.until_ms - CLOCKS_APART_MS
    with pytest.raises(NonceNeeded):
        verify(sign_compact(KEY, header(), claims(iat=late // 1000)), now_ms=late)


def test_proof_is_forgotten_once_no_server_takes_it() -> None:
    """Two windows of its nonce, and as much as clocks may be apart: no row is kept for longer."""
    proof = verify(sign_compact(KEY, header(), claims()))
    assert proof.until_ms - NOON == 2 * WINDOW_MS + CLOCKS_APART_MS


@pytest.mark.parametrize("public_url", ["http://127.0.0.1:7860", "http://localhost:7860"])
@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]"])
def test_own_machine_goes_by_each_of_its_names(public_url: str, name: str) -> None:
    proofs = Proofs(public_url, PROOFS.key)
    text = sign_compact(KEY, header(), claims(htu=f"http://{name}:7860{PATH}"))
    assert verify(text, proofs=proofs)
    for port in ("", ":80", ":7861"):
        text = sign_compact(KEY, header(), claims(htu=f"http://{name}{port}{PATH}"))
        assert fault(text, proofs=proofs) == "htu"


def test_nonces_come_of_the_secret_and_of_this_use_alone(tmp_path: Path) -> None:
    def from_secret(secret: str) -> Proofs:
        environment = {"GREENROOM_DATA": str(tmp_path), "GREENROOM_SECRET": secret}
        return Proofs.from_settings(Settings.read(environment))

    ours = from_secret("a secret of at least thirty-two characters")
    assert ours.nonce(NOON) != from_secret("another secret of thirty-two characters").nonce(NOON)
    assert ours.key == keyed(b"a secret of at least thirty-two characters", "proof nonce")
    assert ours.public_url == "http://127.0.0.1:7860"


def test_refusal_says_what_to_do_and_gives_nothing_away() -> None:
    with pytest.raises(ProofInvalid, match="Reload the page") as refusal:
        verify(sign_compact(KEY, header(), claims(htm="GET")))
    assert refusal.value.as_problem()["claim"] == "htm"
    with pytest.raises(NonceNeeded) as needed:
        verify(sign_compact(KEY, header(), claims(nonce=ABSENT)))
    assert PROOFS.nonce(NOON) not in str(needed.value.as_problem())


@pytest.fixture(params=["sql", "redis"])
def spending(request: pytest.FixtureRequest, database: Database, redis_url: str) -> Spending:
    return SqlSpending(database) if request.param == "sql" else RedisSpending(redis_url)


def fresh_proof(jti: str) -> Proof:
    return verify(sign_compact(KEY, header(), claims(jti=jti)))


def test_one_proof_sent_twenty_times_at_once_is_spent_once(spending: Spending) -> None:
    proof = fresh_proof(f"hammered-{uuid.uuid4()}")

    def spend(_: int) -> str:
        try:
            spending.spend(proof, NOON)
        except ProofInvalid as refusal:
            return refusal.claim
        return "spent"

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(spend, range(20)))
    assert sorted(outcomes) == ["jti"] * 19 + ["spent"]


def test_different_proofs_are_spent_each(spending: Spending) -> None:
    proofs = [fresh_proof(str(uuid.uuid4())) for _ in range(3)]
    for proof in proofs:
        spending.spend(proof, NOON)
    with pytest.raises(ProofInvalid, match="before"):
        spending.spend(proofs[1], NOON)


def test_redis_forgets_a_proof_when_its_age_refuses_it(redis_url: str) -> None:
    spending, proof = RedisSpending(redis_url), fresh_proof("kept")
    spending.spend(proof, NOON)
    left_ms = spending.redis.pttl(f"greenroom:proof:{proof.id}")
    assert 0 < left_ms <= proof.until_ms - NOON
    assert left_ms > proof.until_ms - NOON - 60_000


def test_database_is_swept_of_proofs_that_their_age_refuses(database: Database) -> None:
    spending = SqlSpending(database)
    old, new = Proof("k", "ab" * 32, NOON), Proof("k", "cd" * 32, NOON + 2)
    for proof in (old, new, Proof("k", "00" * 32, NOON + 2)):
        spending.spend(proof, NOON + 1)
    with database.read() as db:
        assert db.get(SpentProof, old.id) is None
        assert db.get(SpentProof, new.id) is not None


def test_nothing_is_spent_and_nothing_passes_where_the_store_is_gone() -> None:
    with pytest.raises(Unavailable) as refusal:
        RedisSpending(f"redis://127.0.0.1:{free_port()}/0").spend(fresh_proof("lost"), NOON)
    assert refusal.value.retry_after_s > 0

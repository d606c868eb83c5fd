from auth.gate import Gate
from database import Database
from tests.auth.conftest import NOON, Invited


def test_admit(database: Database, gate: Gate, ada: Invited) -> None:
    with database.begin() as db:
        p = gate.authenticate(db, bearer=None, cookie=ada.cookie, now_ms=NOON)
        assert p == ada.principal
        a = gate.admit(db, p, "j1", 1000, NOON)
        assert gate.admit(db, p, "j1", 1000, NOON) == a
        print(gate.allowance(db, p, NOON))

"""What every refusal is."""


class GreenroomError(Exception):
    code = "error"
    status = 500

    def __init__(self, sentence: str, **facts: object) -> None:
        super().__init__(sentence)
        self.facts = facts

    def as_problem(self) -> dict[str, object]:
        """The error as an RFC 9457 problem document, `code` and the facts as extra members."""
        return {
            "type": f"urn:greenroom:{self.code}",
            "title": self.code.replace("_", " "),
            "status": self.status,
            "detail": str(self),
            "code": self.code,
            **self.facts,
        }

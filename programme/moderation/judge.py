"""What looks at texts and pictures before anything is drawn of them: rules, then classifiers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL.Image import Image

from programme.moderation.classifiers import PICTURES, Classifier, named
from programme.moderation.rules import Rules
from settings import Settings


@dataclass(frozen=True)
class Finding:
    """Why something is not drawn. `rule_id` names the rule, or the classifier."""

    rule_id: str
    reason: str


@dataclass(frozen=True)
class Judge:
    rules: Rules = field(default_factory=Rules.read)
    classifiers: Sequence[Classifier] = ()
    picture_classifiers: Sequence[Classifier] = ()

    @classmethod
    def from_settings(cls, settings: Settings) -> "Judge":
        """Raises BootRefused for rules that cannot be read, classifiers that cannot be loaded."""
        rules = Rules.read(Path(settings.rules)) if settings.rules else Rules.read()
        pictures = named(settings.picture_classifiers, PICTURES)
        return cls(rules, named(settings.classifiers), pictures)

    def findings(self, text: str) -> Sequence[Finding]:
        """Everything that speaks against this text. Raises JudgeUnavailable."""
        met = [rule for rule in self.rules.rules if rule.meets(text)]
        return [*(Finding(rule.id, rule.reason) for rule in met), *of(self.classifiers, text)]

    def picture_findings(self, picture: Image) -> Sequence[Finding]:
        """Everything that speaks against an RGB picture. Raises JudgeUnavailable."""
        return of(self.picture_classifiers, picture)


def of(classifiers: Sequence[Classifier], seen: str | Image) -> Sequence[Finding]:
    sure = [classifier for classifier in classifiers if classifier.refuses(seen)]
    return [Finding(classifier.rule_id, classifier.reason) for classifier in sure]

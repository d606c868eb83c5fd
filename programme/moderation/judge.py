"""What looks at a text before anything is drawn of it: the rules, then the classifiers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from programme.moderation.classifiers import Classifier, named
from programme.moderation.rules import Rules
from settings import Settings


@dataclass(frozen=True)
class Finding:
    """Why a text is not drawn. `rule_id` names the rule, or the classifier."""

    rule_id: str
    reason: str


@dataclass(frozen=True)
class Judge:
    rules: Rules = field(default_factory=Rules.read)
    classifiers: Sequence[Classifier] = ()

    @classmethod
    def from_settings(cls, settings: Settings) -> "Judge":
        """Raises BootRefused for rules that cannot be read, classifiers that cannot be loaded."""
        rules = Rules.read(Path(settings.rules)) if settings.rules else Rules.read()
        return cls(rules, named(settings.classifiers))

    def findings(self, text: str) -> Sequence[Finding]:
        """Everything that speaks against this text. Raises JudgeUnavailable."""
        met = [rule for rule in self.rules.rules if rule.meets(text)]
        sure = [classifier for classifier in self.classifiers if classifier.refuses(text)]
        return [
            *(Finding(rule.id, rule.reason) for rule in met),
            *(Finding(classifier.rule_id, classifier.reason) for classifier in sure),
        ]

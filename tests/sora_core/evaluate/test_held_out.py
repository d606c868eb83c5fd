"""A run over prompts: every variant judged, kept, and gone on with after a stop."""

import json

import pytest

from sora_core.evaluate.finder import Finder
from sora_core.evaluate.held_out import journal_path, judge
from sora_core.evaluate.measure import PAIRS
from sora_core.evaluate.prompts import draw_prompts
from sora_core.evaluate.report import REAL, figures, page, write
from sora_core.evaluate.tally import PAIR_ROWS
from sora_core.world.vocabulary import ATTRIBUTES
from tests.sora_core.sprout.parts import tiny_pipeline

PROMPTS = draw_prompts(3)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluate") / "w"
    tiny_pipeline().save_pretrained(folder)
    return folder


def test_judge_reads_every_prompt_in_every_variant_and_goes_on_after_a_stop(weights, tmp_path):
    journal = tmp_path / "readings.jsonl"
    first = judge(PROMPTS, weights, journal, workers=1)
    lines = journal.read_text().splitlines(keepends=True)
    assert len(lines) == 6
    # Stopped in the middle of a line: all but that clip is kept as it was.
    journal.write_text("".join(lines[:5]) + lines[5][:10])
    again = judge(PROMPTS, weights, journal, workers=1)
    assert {v: r.seen for v, r in again.items()} == {v: r.seen for v, r in first.items()}
    assert again["quality"].seconds == first["quality"].seconds
    found = figures(PROMPTS, again, tiny_pipeline().autoencoder, workers=1)
    assert found["counts"]["quality"]["subject"].scored == 3
    assert found["autoencoder"]["clips"] == 3
    assert json.loads(json.dumps(found))["prompts"] == 3
    assert all(f"| {name} |" in page(found) for name in ATTRIBUTES)


def test_journal_belongs_to_weights_and_prompts(weights, tmp_path):
    one = journal_path(tmp_path, weights, PROMPTS)
    assert one == journal_path(tmp_path, weights, draw_prompts(3))
    assert one != journal_path(tmp_path, weights, draw_prompts(3, seed=1))
    manifest = weights / "SHA256SUMS"
    before = manifest.read_text()
    manifest.write_text(before + "\n")
    assert one != journal_path(tmp_path, weights, PROMPTS)
    manifest.write_text(before)


def test_pairs_are_drawn_and_read_by_the_finder(weights, tmp_path):
    """A model that draws nonsense shows no pairs; the same scenes, rendered, do."""
    prompts = draw_prompts(4, seed=5, pairs=1.0)
    journal = journal_path(tmp_path, weights, prompts, Finder)
    assert journal != journal_path(tmp_path, weights, prompts)
    readings = judge(prompts, weights, journal, workers=1, ruler=Finder)
    assert all(len(kept.seen) == 4 for kept in readings.values())
    found = figures(prompts, readings, tiny_pipeline().autoencoder, 1, PAIRS)
    assert found["counts"]["quality"]["both subjects"] == (0, 4)
    assert found["counts"][REAL]["both subjects"].right >= 3
    assert "subject confusion" not in found
    write(found, tmp_path, PAIRS.name, PAIRS)
    told = (tmp_path / "pairs.md").read_text()
    assert told.startswith("# Pairs")
    assert all(f"| {row} |" in told for row in PAIR_ROWS)
    assert json.loads((tmp_path / "pairs.json").read_text())["prompts"] == 4

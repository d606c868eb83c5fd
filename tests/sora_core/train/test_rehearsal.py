"""A training that a GPU could run: every phase on a device that refuses the CPU's tensors."""

import subprocess
import sys

from sora_core.sprout import load
from sora_core.train.carry import LIMIT_BYTES


def test_every_phase_runs_on_a_device_of_its_own_and_can_be_carried(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tests.sora_core.train.rehearse", str(tmp_path)],
        check=True, timeout=300, capture_output=True, text=True,
    )  # fmt: skip
    assert "refuses strangers: True" in done.stdout
    assert "drawn: 3 64 112 3" in done.stdout
    carried = list((tmp_path / "carry").iterdir())
    assert len(carried) == 6
    assert all(path.stat().st_size <= LIMIT_BYTES for path in carried)
    frames = load(tmp_path / "weights")("a red ball", drawings=3, num_inference_steps=1).frames
    assert frames.shape == (1, 3, 64, 112, 3)

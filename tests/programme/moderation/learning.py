"""What the tiny classifiers share: to learn a few examples, and to be refused by a wrong label.

Imported only where the transformers library can be.
"""

from pathlib import Path
from typing import Any

import torch

from errors import BootRefused
from programme.moderation.classifiers import named


def fit(model: Any, batch: Any, labels: list[int], steps: int, folder: str | Path) -> int:
    """Teach `model` the whole batch and save it in `folder`; says how many parameters it has."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(steps):
        optimizer.zero_grad()
        model(**batch, labels=torch.tensor(labels)).loss.backward()
        optimizer.step()
    model.save_pretrained(folder)
    return sum(parameter.numel() for parameter in model.parameters())


def refusal(*asked: Any) -> str:
    """What is said of a setting that cannot be, or nothing."""
    try:
        named(*asked)
    except BootRefused as error:
        return str(error)
    return ""

"""Train the text encoder on captions alone, to say what each one says; a minute or two."""

from __future__ import annotations

import random

import torch
import torch.nn.functional as F
from torch import Tensor

from sora_core.sprout.text import SproutTextEncoder
from sora_core.sprout.words import Words, vocabulary
from sora_core.world.captions import caption, choose_named
from sora_core.world.scene import draw_scene
from sora_core.world.vocabulary import FILLERS, SLOTS

LEARNING_RATE = 2e-3
BATCH = 128
UNKNOWN_SHARE = 0.08  # strange or empty words put between a caption's own, to do little harm
EMPTY_SHARE = 0.02
FILLING = tuple(sorted(FILLERS - {"a", "an", "and", "with", "next", "beside", "near"}))
PAIRS = 0.3  # share of captions with a second subject


def labels(named: dict[str, str]) -> list[int]:
    """Class numbers per attribute; what is not named gets the last class."""
    return [
        values.index(named[name]) if name in named else len(values)
        for name, values in SLOTS.items()
    ]


def _batch(words: Words, rng: random.Random) -> tuple[Tensor, Tensor]:
    prompts, classes = [], []
    for _ in range(BATCH):
        named = choose_named(draw_scene(rng, split="any", pairs=PAIRS), rng)
        # Half the captions say far less than the usual ones, as people do.
        if rng.random() < 0.5:
            named = {k: v for k, v in named.items() if rng.random() < 0.6}
        prompt = caption(named, rng)
        if rng.random() < EMPTY_SHARE:
            named, prompt = {}, ""
        tokens = []
        for word in prompt.split(" "):
            if rng.random() < UNKNOWN_SHARE:
                tokens.append(rng.choice(("qqq", *FILLING)))
            tokens.append(word)
        prompts.append(" ".join(tokens))
        classes.append(labels(named))
    return words.encode(prompts), torch.tensor(classes)


def new_text_encoder() -> tuple[SproutTextEncoder, Words]:
    """An untrained text encoder for the world's vocabulary, and its tokenizer."""
    known = vocabulary()
    attributes = [(name, list(values)) for name, values in SLOTS.items()]
    return SproutTextEncoder(attributes=attributes, vocabulary=list(known)), Words(known)


def train_text(steps: int, seed: int = 0, device: torch.device | str = "cpu") -> SproutTextEncoder:
    """Train for `steps` steps; prints accuracy over whole captions."""
    torch.manual_seed(seed)
    rng = random.Random(seed)  # noqa: S311 - scenes, not secrets
    model, words = new_text_encoder()
    model.to(device)
    optimizer = torch.optim.AdamW(model.parameters(), LEARNING_RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, steps)
    for step in range(1, steps + 1):
        numbers, classes = (x.to(device) for x in _batch(words, rng))
        logits = model.logits(numbers)
        loss = torch.stack(
            [F.cross_entropy(part, classes[:, i]) for i, part in enumerate(logits)]
        ).sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 100 == 0:
            right = torch.stack([p.argmax(-1) for p in logits], 1) == classes
            whole = right.all(1).float().mean()
            print(f"text {step}/{steps} loss {loss:.4f} all right {whole:.3f}", flush=True)
    return model.eval()

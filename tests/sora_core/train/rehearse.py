"""A whole training on a device of its own, small and in one process: `python -m … FOLDER`.

A process apart, since PyTorch cannot unlearn a device.
"""

import sys
from pathlib import Path

import torch

from sora_core.sprout import load
from sora_core.train import footage, merge, workshop
from sora_core.train.carry import pack
from sora_core.train.transformer import Plan
from sora_core.train.workshop import Workshop
from tests.sora_core.train.rehearsal import NAME, Rehearsal, register


def refuses_strangers():
    """Whether the device notices a tensor that was left on the CPU."""
    try:
        torch.ones(2, device=NAME) + torch.ones(2)
    except AssertionError:
        return True
    return False


def train(folder):
    """Every phase in its order, a step or two of each; shard 1 is rendered to be encoded alone."""
    shop = Workshop(folder, 2, NAME)
    workshop.shoot_footage(0, Workshop(folder, 1, NAME), 2, 1)
    workshop.teach_autoencoder(0, shop, 2, 2)
    workshop.freeze_encoder(0, Workshop(folder, 1, NAME))
    workshop.learn_words(0, shop, 1)
    workshop.encode_latents(0, shop)
    workshop.teach_decoder(0, shop, 1, 2)
    workshop.teach_transformer(0, shop, Plan(seconds=1e-3, stills_until=0, batch=16, parts=1))
    merged, plan = folder / "merged.pt", Plan(seconds=1e-3, stills_until=0, batch=16, parts=1)
    merge.teach(0, shop, shop.transformer, shop.transformer, merged, plan)
    workshop.teach_turbo(0, shop, 1e-3, 8)
    workshop.publish_parts(0, shop, folder / "weights")
    return shop


def main():
    folder = Path(sys.argv[1])
    kept = register()
    footage.CLIPS_PER_SHARD = 4
    with Rehearsal():
        print("refuses strangers:", refuses_strangers())
        shop = train(folder)
        print("carried:", *sorted(path.name for path in pack(shop, folder / "carry")))
        pipeline = load(folder / "weights").to(NAME)
        clip = pipeline("a red ball", drawings=3, num_inference_steps=1, output_type="uint8")
        print("drawn:", *clip.frames[0].shape)
    del kept


if __name__ == "__main__":
    main()

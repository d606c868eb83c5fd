"""Learns a tiny image classifier of two colours, saves it in argv[1], judges by its path; JSON.

Run where the transformers library can be imported; nothing is fetched.
"""

import json
import sys

import numpy as np
import torch
from PIL import Image
from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessorPil

from programme.moderation.classifiers import PICTURES, named
from tests.programme.moderation.learning import fit, refusal

SIDE = 16
COLOURS = {
    "red": (220, 30, 30),
    "green": (20, 160, 20),
    "blue": (20, 40, 220),
    "grey": (99, 99, 99),
}


def picture(colour: str, side: int = SIDE) -> Image.Image:
    return Image.new("RGB", (side, side), COLOURS[colour])


def learn(folder: str) -> int:
    """A model of one narrow layer; says how many parameters it has."""
    torch.manual_seed(0)
    config = ViTConfig(
        image_size=SIDE,
        patch_size=8,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=8,
        initializer_range=0.2,
        num_labels=3,
        id2label={0: "calm", 1: "blood", 2: "gore"},
        label2id={"calm": 0, "blood": 1, "gore": 2},
    )
    model = ViTForImageClassification(config)
    prepare = ViTImageProcessorPil(size={"height": SIDE, "width": SIDE})
    batch = prepare([picture(colour) for colour in COLOURS], return_tensors="pt")
    prepare.save_pretrained(folder)
    return fit(model, batch, [1, 2, 0, 0], 150, folder)


def main(folder: str) -> None:
    parameters = learn(folder)
    [classifier] = named(f"{folder}=blood+gore:0.7", PICTURES)
    [narrow] = named(f"{folder}=gore:0.7", PICTURES)
    noise = np.random.default_rng(0).integers(0, 255, (40, 1900, 3), np.uint8)
    classifier.refuses(Image.fromarray(noise))  # of any size
    print(
        json.dumps(
            {
                "parameters": parameters,
                "refuses": {name: classifier.refuses(picture(name, 300)) for name in COLOURS},
                "narrow": {name: narrow.refuses(picture(name)) for name in COLOURS},
                "rule": classifier.rule_id,
                "reason": classifier.reason,
                "unknown": refusal(f"{folder}=blood+rude:0.7", PICTURES),
            }
        )
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1])

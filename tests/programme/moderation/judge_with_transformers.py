"""Learns a tiny classifier of two words, saves it in argv[1], judges by its path; prints JSON.

Run where the transformers library can be imported; nothing is fetched.
"""

import json
import sys

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

from errors import BootRefused
from programme.moderation.classifiers import named

LINES = {
    "a kind red ball": 0,
    "a kind fish": 0,
    "a red fish": 0,
    "an insult": 1,
    "a red insult": 1,
    "an insult to a fish": 1,
}


def learn(folder: str) -> int:
    """A model of one narrow layer; says how many parameters it has."""
    words = sorted({word for line in LINES for word in line.split()})
    vocabulary = {word: at for at, word in enumerate(["[PAD]", "[UNK]", *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", model_max_length=16
    )
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=8,
        max_position_embeddings=16,
        num_labels=2,
        id2label={0: "harmless", 1: "insult"},
        label2id={"harmless": 0, "insult": 1},
    )
    model = BertForSequenceClassification(config)
    batch = fast(list(LINES), padding=True, return_tensors="pt")
    labels = torch.tensor(list(LINES.values()))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(120):
        optimizer.zero_grad()
        model(**batch, labels=labels).loss.backward()
        optimizer.step()
    model.save_pretrained(folder)
    fast.save_pretrained(folder)
    return sum(parameter.numel() for parameter in model.parameters())


def main(folder: str) -> None:
    parameters = learn(folder)
    [classifier] = named(f"{folder}=insult:0.7")
    try:
        named(f"{folder}=rude:0.7")
        unknown = ""
    except BootRefused as error:
        unknown = str(error)
    print(
        json.dumps(
            {
                "parameters": parameters,
                "refuses": {text: classifier.refuses(text) for text in (*LINES, "insult " * 900)},
                "rule": classifier.rule_id,
                "reason": classifier.reason,
                "unknown": unknown,
            }
        )
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1])

"""Learns a tiny classifier of two words, saves it in argv[1], judges by its path; prints JSON.

Run where the transformers library can be imported; nothing is fetched.
"""

import json
import sys

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

from programme.moderation.classifiers import named
from tests.programme.moderation.learning import fit, refusal

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
    fast.save_pretrained(folder)
    return fit(model, batch, list(LINES.values()), 120, folder)


def main(folder: str) -> None:
    parameters = learn(folder)
    [classifier] = named(f"{folder}=insult:0.7")
    print(
        json.dumps(
            {
                "parameters": parameters,
                "refuses": {text: classifier.refuses(text) for text in (*LINES, "insult " * 900)},
                "rule": classifier.rule_id,
                "reason": classifier.reason,
                "unknown": refusal(f"{folder}=rude:0.7"),
            }
        )
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1])

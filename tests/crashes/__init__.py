"""The crash rehearsal: random kills of everything under load, and what must hold afterwards."""

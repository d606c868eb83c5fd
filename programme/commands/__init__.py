"""What each command does: a file a noun, its words declared beside what they do.

`NOUNS` in `programme/__main__.py` lists them; each has `declare(nouns, output)`.
"""

"""The invisible mark: a keyed number in every stored film, read back from copies of it."""

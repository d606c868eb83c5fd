"""Webhooks: telling a tester's own server that a video is done, signed, until it hears."""

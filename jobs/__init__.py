"""Carry an admitted ClipSpec to a stored Clip, whatever dies on the way.

Knows owners and admissions as opaque ids only.
"""

"""Treat testers fairly: what is owed to them, and what becomes of their clips."""

"""Content Credentials (C2PA 2.x): what a film says of itself, signed, and whether that holds."""

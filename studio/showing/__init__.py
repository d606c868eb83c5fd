"""What becomes of clips: their artist's page, the reviewers' desk, and what everybody may see."""

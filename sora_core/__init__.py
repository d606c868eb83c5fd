"""Make a clip. Knows no tester and no web."""

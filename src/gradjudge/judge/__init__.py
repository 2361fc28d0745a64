"""TRUSTED, with torch, pytest and the hidden tests: grade one submission."""

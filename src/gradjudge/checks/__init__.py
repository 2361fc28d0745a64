"""The public API of test writers."""

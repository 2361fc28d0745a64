"""Shut a session in, layer by layer."""

"""Batteries for hand-written modules and losses, and tools for a student's ``nn.Module``."""

"""Batteries for hand-written modules and losses, and the parameters of a student's ``nn.Module``."""

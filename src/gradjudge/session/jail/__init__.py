"""The jail of a session, layer by layer."""

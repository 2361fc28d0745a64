"""Start, limit, jail and kill sessions."""

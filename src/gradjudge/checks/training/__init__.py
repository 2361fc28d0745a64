"""Judge training: by hand, with a torch optimiser, and cut in two by a checkpoint."""

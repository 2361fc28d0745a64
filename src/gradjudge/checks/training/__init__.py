"""Judge training: by hand, with a torch optimiser, and interrupted by a checkpoint."""

"""Judge an engine of scalar autograd, and what comes before it."""

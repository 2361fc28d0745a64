"""The command's own process: what is to be graded, under which keys, by which processes."""

"""One chart through every door: a file, a hook with prefetch, a hook with its own queries, a launch; the same answer (issue of one room)."""

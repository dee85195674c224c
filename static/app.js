// Adds the live parts; every page works without it.

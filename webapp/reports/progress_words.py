"""Words that rooms agree on."""

WRITING = "writing the file"

"""Progress texts that packages compare."""

WRITING = "writing the file"

"""The files room: what tasks made and what people uploaded, on disk and in the database."""

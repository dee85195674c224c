"""What people type: Markdown, drawn as HTML in which nothing runs, or as plain text."""

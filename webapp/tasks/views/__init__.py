"""Read-only views of tasks: export, metrics, histories and searches."""

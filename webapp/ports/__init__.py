"""The protocols and types that packages share. Imports only errors."""

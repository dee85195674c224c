"""The protocols and types through which packages meet. Imports only errors."""

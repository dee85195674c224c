"""The kind of task that tests the installation itself."""

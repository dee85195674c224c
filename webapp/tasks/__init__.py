"""The tasks room: the task table, what may become of a task, and a slot's view of the task it runs."""

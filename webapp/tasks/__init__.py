"""Tasks: the task table, the state machine, and a slot's view of the task it runs."""

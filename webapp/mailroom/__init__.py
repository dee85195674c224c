"""The mail room's cabinet: what the panel itself keeps for mail, such as servers and addresses never to write to."""

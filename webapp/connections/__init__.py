"""What an admin connects: mail servers, channels, webhooks, databases, saved queries, suppressions."""

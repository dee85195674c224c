"""The ledger of deliveries, the send gate and the rate limits of a running task."""

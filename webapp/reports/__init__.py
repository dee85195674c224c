"""Tables in and out: reads what people upload, and writes Excel and CSV files of it."""

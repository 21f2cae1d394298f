"""From domain values to messages."""

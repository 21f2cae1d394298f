"""From messages to domain values; everything wrong with a request is found here."""

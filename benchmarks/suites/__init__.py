"""The suites: one file each, which says at its top which question it answers."""

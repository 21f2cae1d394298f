"""What is asked: conditions in their text form, which peers translate or answer by hand."""

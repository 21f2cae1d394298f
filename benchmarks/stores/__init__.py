"""The stores that are measured: their sizes, their files, and segsvc with one loaded."""

"""The framework: measuring, results and their schema, comparison, tables, plots."""

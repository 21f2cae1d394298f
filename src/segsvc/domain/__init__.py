"""The words everything is written in: values, time, schema, writes, records, errors."""

"""The history of the tables, run by `segsvc.storage.migrate`."""

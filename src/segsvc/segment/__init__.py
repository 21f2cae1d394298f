"""Saved segments: definitions, the catalog of a store, and suggestions."""

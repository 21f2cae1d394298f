"""Enter-segment triggers, the entries they make of deltas, and quotas. Pure: reads no clock."""

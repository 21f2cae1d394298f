"""The wire: requests decoded, answers encoded, errors mapped; one servicer per service."""

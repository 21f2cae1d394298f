"""Membership changes as a resumable stream: what is kept of them, and who reads on from where."""

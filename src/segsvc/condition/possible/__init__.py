"""Whether anything at all can satisfy several tests at once, without looking at any data.

Every answer errs on one side: "impossible" is certain, for the evaluation instant and all later
ones; "possible" may only mean that nothing simple forbids it.
"""

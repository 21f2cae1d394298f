"""What users mean: a tree of AllOf, AnyOf and Not over leaves.

One file per leaf kind and per kind of test; `check` finds what is wrong, `warnings` what is odd,
`tree.describe` says a condition in words and `language` reads them.
"""

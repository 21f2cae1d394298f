"""Sets of ordinals as Roaring bitmaps. The only package that knows pyroaring.

Imports nothing of segsvc. Everything above works with `Bitmap` and the functions of
`segsvc.bitmap.convert`.
"""

from pyroaring import BitMap as Bitmap

from segsvc.bitmap.convert import (
    bits_of,
    from_bytes,
    from_mask,
    from_ordinals,
    from_sorted,
    in_slices,
    mask_of,
    ordinals_of,
    size_of,
    to_bytes,
)

__all__ = [
    "Bitmap",
    "bits_of",
    "from_bytes",
    "from_mask",
    "from_ordinals",
    "from_sorted",
    "in_slices",
    "mask_of",
    "ordinals_of",
    "size_of",
    "to_bytes",
]

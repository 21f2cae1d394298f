"""Sets of ordinals as Roaring bitmaps and as packed words. The only package that knows pyroaring.

Imports nothing of segsvc. Everything above works with `Bitmap`, with `Faces` (one set, in the form
that suits it), with expressions of `segsvc.bitmap.blocks`, and with the functions below.
"""

from pyroaring import BitMap as Bitmap

from segsvc.bitmap import blocks
from segsvc.bitmap.blocks import Expression
from segsvc.bitmap.convert import (
    bits_of,
    copied,
    from_bytes,
    from_ordinals,
    from_sorted,
    in_slices,
    mask_of,
    ordinals_of,
    size_of,
    to_bytes,
)
from segsvc.bitmap.faces import Faces, is_dense
from segsvc.bitmap.words import Words, from_arrays, from_mask, from_words, room_for, words_of

__all__ = [
    "Bitmap",
    "Expression",
    "Faces",
    "Words",
    "bits_of",
    "blocks",
    "copied",
    "from_arrays",
    "from_bytes",
    "from_mask",
    "from_ordinals",
    "from_sorted",
    "from_words",
    "in_slices",
    "is_dense",
    "mask_of",
    "ordinals_of",
    "room_for",
    "size_of",
    "to_bytes",
    "words_of",
]

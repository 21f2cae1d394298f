"""Sets of ordinals as Roaring bitmaps and as packed words. The only package that knows pyroaring.

Imports nothing of segsvc. Everything above works with `Bitmap`, with `Faces` (one set, in the form
that suits it), with expressions of them (`segsvc.bitmap.combine`), and with the functions below.
"""

from pyroaring import BitMap as Bitmap

from segsvc.bitmap import combine
from segsvc.bitmap.canonical import canonical_bytes
from segsvc.bitmap.convert import (
    add_to,
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
from segsvc.bitmap.expression import Expression
from segsvc.bitmap.faces import Faces, are_few
from segsvc.bitmap.filled import filled_words_of
from segsvc.bitmap.words import (
    Words,
    add_bits,
    bits_at,
    from_arrays,
    from_mask,
    from_words,
    pack,
    room_for,
    take_bits,
    words_of,
)

__all__ = [
    "Bitmap",
    "Expression",
    "Faces",
    "Words",
    "add_bits",
    "add_to",
    "are_few",
    "bits_at",
    "bits_of",
    "canonical_bytes",
    "combine",
    "copied",
    "filled_words_of",
    "from_arrays",
    "from_bytes",
    "from_mask",
    "from_ordinals",
    "from_sorted",
    "from_words",
    "in_slices",
    "mask_of",
    "ordinals_of",
    "pack",
    "room_for",
    "size_of",
    "take_bits",
    "to_bytes",
    "words_of",
]

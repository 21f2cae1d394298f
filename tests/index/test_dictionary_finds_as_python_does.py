"""Interned texts are found by equality and by what they hold, as Python's own strings are."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from segsvc.domain.columns import Strings
from segsvc.domain.predicate import Contains, Place
from segsvc.domain.text import fold
from segsvc.index.dictionary import Dictionary
from segsvc.index.folding import folded
from segsvc.index.scan import holding

letters = st.one_of(
    st.text("aAbB@.", min_size=1, max_size=4),
    st.text(max_size=4).filter(bool),
    st.sampled_from(["straße", "STRASSE", "ﬁn", "İx", "a" * 70, "ab" * 40]),
)
needles = st.one_of(st.text("aAbB@.", min_size=1, max_size=3), letters)


def holds(text: str, needle: str, place: Place) -> bool:
    match place:
        case Place.ANYWHERE:
            return needle in text
        case Place.START:
            return text.startswith(needle)
        case Place.END:
            return text.endswith(needle)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(letters, max_size=6), max_size=5), st.lists(needles), st.booleans())
def test_codes_and_answers_as_with_a_dict(
    batches: list[list[str]], asked: list[str], folds: bool
) -> None:
    dictionary, codes = Dictionary("texts", folds=folds), dict[str, int]()
    same = fold if folds else str
    for batch in batches:
        found = dictionary.codes_of(Strings.of(batch)).tolist()
        for text, code in zip(batch, found, strict=True):
            assert codes.setdefault(text, code) == code
        for needle in asked:
            equal = {code for text, code in codes.items() if same(text) == same(needle)}
            assert set(dictionary.codes_equal((needle,)).tolist()) == equal
            for place in Place:
                expected = {
                    c for text, c in codes.items() if holds(same(text), same(needle), place)
                }
                predicate = Contains(needle, place)
                every = np.arange(len(dictionary), dtype=np.uint32)
                assert set(dictionary.codes_containing(predicate).tolist()) == expected
                assert set(np.flatnonzero(dictionary.contain(predicate, every))) == expected
    assert len(set(codes.values())) == len(codes) == len(dictionary) - 1
    loaded = Dictionary("texts", folds=folds)
    loaded.load({array.name: array.live.copy() for array in dictionary.arrays()})
    assert loaded.codes_of(Strings.of(list(codes))).tolist() == list(codes.values())
    for needle in asked:
        predicate = Contains(needle, Place.ANYWHERE)
        assert (loaded.lookup(predicate) == dictionary.lookup(predicate)).all()


@settings(deadline=None)
@given(st.lists(st.text("ab", max_size=5)), st.text("ab", max_size=4), st.sampled_from(Place))
def test_a_needle_never_crosses_from_one_text_into_the_next(
    texts: list[str], needle: str, place: Place
) -> None:
    bits = holding(Strings.of(texts), needle.encode(), place)
    found = np.unpackbits(bits, count=len(texts), bitorder="little").tolist()
    assert found == [holds(text, needle, place) for text in texts]


@settings(deadline=None)
@given(st.lists(st.one_of(st.text(), letters)))
def test_many_texts_fold_as_one_does(texts: list[str]) -> None:
    assert folded(Strings.of(texts)).tolist() == [fold(text) for text in texts]


def test_beyond_one_chunk_while_texts_are_added() -> None:
    texts = [f"{'Uu'[n % 2]}ser{n}@{'abü'[n % 3]}.example" for n in range(140_000)]
    forms = [fold(text) for text in texts]
    dictionary = Dictionary("texts", folds=True)
    for upto in (66_000, 131_072, 140_000):
        dictionary.codes_of(Strings.of(texts[len(dictionary) - 1 : upto]))
        for needle in ("7", "USER1", "@b.example", "ü", "user99999@", "zz"):
            for place in Place:
                predicate = Contains(needle, place)
                for _ in dictionary.prepare(predicate):
                    pass
                assert dictionary.is_read(predicate)
                expected = [holds(form, fold(needle), place) for form in forms[:upto]]
                assert dictionary.lookup(predicate)[1:].tolist() == expected
    assert dictionary.codes_of(Strings.of(texts[::-1])).tolist() == list(range(140_000, 0, -1))
    assert dictionary.codes_equal(("uSER5@Ü.example",)).tolist() == [6]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 999), st.integers(0, 600), needles), max_size=12), needles)
def test_a_rare_needle_is_found_wherever_it_stands(
    put: list[tuple[int, int, str]], needle: str
) -> None:
    texts = ["z" * 600] * 1_000
    for place, offset, part in put:
        texts[place] = texts[place][:offset] + part + texts[place][offset:]
    bits = holding(Strings.of(texts), needle.encode(), Place.ANYWHERE)
    found = np.unpackbits(bits, count=len(texts), bitorder="little").tolist()
    assert found == [needle in text for text in texts]

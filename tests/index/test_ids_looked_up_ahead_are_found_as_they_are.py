"""Looking ids up ahead changes no answer, whatever is written before they are used."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from segsvc.domain.columns import Strings
from segsvc.index.contact_ids import ContactIds

_ids = st.lists(st.sampled_from([f"contact-{n}" for n in range(12)]), min_size=1, max_size=8)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.lists(_ids, max_size=3), st.lists(_ids, max_size=3), st.sampled_from("rmn"), _ids
        ),
        max_size=8,
    )
)
def test_ids_looked_up_ahead(
    turns: list[tuple[list[list[str]], list[list[str]], str, list[str]]],
) -> None:
    """A turn finds or creates batches: some looked up before it began, some not; then a contact
    is retired, or its id becomes an alias, and one more batch is found that was looked up.
    """
    held, known, made = ContactIds(), dict[str, int](), 0

    def check(batch: list[str], ids: Strings) -> None:
        nonlocal made
        new = [text for text in dict.fromkeys(batch) if text not in known]
        known.update((text, made + place) for place, text in enumerate(new))
        ordinals, created = held.find_or_create(ids)
        assert created.tolist() == list(range(made, made + len(new)))
        assert ordinals.tolist() == [known[text] for text in batch]
        made += len(new)

    for ahead, others, then, last in turns:
        batches = [(batch, Strings.of(batch)) for batch in (*ahead, last)]
        held.look_ahead([ids for _, ids in batches])
        for batch in others[:1]:
            check(batch, Strings.of(batch))
        for batch, ids in batches[:-1]:
            check(batch, ids)
        for batch in others[1:]:
            check(batch, Strings.of(batch))
        if known and then == "r":
            gone = min(known)
            held.retire(gone)
            del known[gone]
        elif len(known) > 1 and then == "m":
            source, into = sorted(known)[:2]
            held.alias(source, known[into])
            known[source] = known[into]
        check(*batches[-1])

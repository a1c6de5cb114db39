from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.families.signatures import LEAST, POSTS, SHARE, WORDS, learn, measure_signature


def read(posts: list[list[int]]) -> bytes:
    seen = b""
    for post in posts:
        seen = learn(seen, post)
    return seen


def test_what_ends_the_posts_is_the_signature() -> None:
    posts = [[10 + n, 20 + n, 7, 8, 9] for n in range(LEAST)]
    assert measure_signature(read(posts[:-1])) == 0
    assert measure_signature(read(posts)) == 3
    assert measure_signature(read([*posts, [1, 2, 3]])) == 0


def test_only_the_last_posts_count() -> None:
    old = [[n, 7] for n in range(1, LEAST + 1)]
    new = [[n, 100 + n] for n in range(1, POSTS)]
    assert measure_signature(read([*old, *new, [1, 7]])) == 0
    assert len(read([*old, *new])) == POSTS * WORDS * 4


@given(st.lists(st.lists(st.integers(1, 3), max_size=6), min_size=1, max_size=60))
def test_the_signature_is_the_longest_common_enough_end(posts: list[list[int]]) -> None:
    least = max(LEAST, SHARE * len(posts))
    last = posts[-1]
    sizes = [
        size
        for size in range(1, len(last) + 1)
        if sum(post[-size:] == last[-size:] for post in posts) >= least
    ]
    assert measure_signature(read(posts)) == max(sizes, default=0)

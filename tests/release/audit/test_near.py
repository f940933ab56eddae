"""Near duplicates: found by comparing all, and nearly all of them by MinHash."""

from __future__ import annotations

import random
from itertools import combinations

from stumper.curate.dedup import asks, asks_the_same
from stumper.release.audit.near import ALL_PAIRS, Ints, clusters

KINDS = "cat dog car bus tree house clock table chair lamp window flower bottle kite boat horse".split()
PLACES = "kitchen garden street harbour station meadow market castle".split()
LOOKS = "striped shiny wooden broken tall round painted folded".split()


def questions(n: int, seed: int) -> list[str]:
    """Questions of which a third are others with a slip of the finger in a long word."""
    rng = random.Random(seed)
    found = []
    for _ in range(n):
        if found and rng.random() < 0.33:
            words = rng.choice(found).split()
            place = max(range(len(words)), key=lambda at: len(words[at]))
            letters = list(words[place])
            del letters[rng.randrange(1, len(letters) - 1)]
            words[place] = "".join(letters)
            found.append(" ".join(words))
        else:
            kind, other = rng.choice(KINDS), rng.choice(KINDS)
            found.append(
                f"what {rng.choice(LOOKS)} {kind} stands beside the {rng.choice(LOOKS)} {other} of the "
                f"{rng.choice(PLACES)} {rng.choice(PLACES)}"
            )
    return list(dict.fromkeys(found))


def near(texts: list[str], *, all_pairs: int = ALL_PAIRS) -> Ints:
    parts = [asks(text) for text in texts]
    return clusters(
        [hash(stiff) for stiff, _ in parts], [content for _, content in parts], all_pairs=all_pairs
    )


def test_minhash_finds_nearly_what_comparing_all_finds() -> None:
    texts = questions(1500, 1)

    exact, hashed = near(texts), near(texts, all_pairs=0)

    merged, found = (exact != range(len(texts))), (hashed != range(len(texts)))
    assert merged.sum() > 300
    assert not (found & ~merged).any()
    assert (found & merged).sum() >= 0.97 * merged.sum()


def test_comparing_all_is_what_curation_says_of_each_pair() -> None:
    texts = questions(150, 3)
    parent = list(range(len(texts)))
    for one, other in combinations(range(len(texts)), 2):
        if asks_the_same(texts[one], texts[other]) and parent[one] != parent[other]:
            low, high = sorted((parent[one], parent[other]))
            parent = [low if root == high else root for root in parent]

    assert near(texts).tolist() == parent


def test_every_cluster_is_named_by_its_first() -> None:
    parent = near(questions(400, 2))

    assert (parent <= range(len(parent))).all()
    assert (parent[parent] == parent).all()


def test_sides_colours_and_numbers_keep_questions_apart() -> None:
    texts = [
        "what is on the left table", "what is on the right table", "what is on the left tablle",
        "how many red cars are there", "how many blue cars are there",
    ]  # fmt: skip

    assert near(texts).tolist() == [0, 1, 0, 3, 4]
    assert near(texts, all_pairs=0)[[1, 3, 4]].tolist() == [1, 3, 4]


def test_no_text_is_in_no_cluster() -> None:
    assert near([]).tolist() == []
    assert near(["", "?"], all_pairs=0).tolist() in ([0, 1], [0, 0])

"""Gates that a claim passes before anybody spends a vote on it, and before it may become an example.

Each is pure and small: `manners` (insults), `personal` (personal data), `single` (one question at a time),
`answerable` (the correction answers it), `prior` and `blind` (the picture is needed). `text` puts those that
read only the claim in order, `entrance` writes what they say. What each does, with figures:
docs/guide/gates.md.
"""

"""Models that play: they ask, look at the answer and mark it, by the same moves as people, and are marked.

``minds`` think of questions and mark answers, ``run`` plays sessions.
"""

"""Stumper: people stump a vision-language model, and what stumped it makes a better model.

The story in order, one package a stage; a stage imports the foundation and the stages before it:

1. ``images``    pictures come in, are checked, and become controls (tainted) or targets (untainted)
2. ``play``      a session of ten turns: a player asks, the model answers, the player judges
3. ``trust``     control turns say whom to believe: points, evidence, ledger
4. ``curate``    claims get a category, are checked by peers, and become examples
5. ``release``   examples are frozen into a data set with image-disjoint splits
6. ``tune``      the model learns from the release by LoRA
7. ``evaluate``  base and tuned are scored on held-out images; a gate decides

Around them: ``records`` (nouns), ``store`` (tables), ``vlm`` (opponents), ``toytown`` (the embedded
world), ``rounds`` (closes one round and opens the next), ``front`` (web and console), ``simulate``.
"""

__version__ = "0.1.0"

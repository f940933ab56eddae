"""Stage 1: pictures come in, are checked, and become controls (tainted) or targets (untainted).

``ingest`` takes a folder, ``coco`` an annotated folder, ``toytown`` draws its own; ``verify`` asks the model
probe questions before a simple picture may serve as a control; ``pool`` hands out what a player has not seen.
Nothing is imported here: the processes of ``sandbox`` would read the database's code only to clean a picture.
"""

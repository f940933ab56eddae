"""The chain of one example: from its picture and licence over the votes to the models that have seen it."""

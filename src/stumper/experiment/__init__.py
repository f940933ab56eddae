"""Experiments with what a campaign collected: are the data worth more than ordinary ones, and to whom?

``arms`` says what each arm is tuned on, ``pool`` and ``exam`` find it, ``bench`` makes the runs and keeps
their answers, ``controls`` and ``matrix`` compare them, ``page`` draws that.
"""

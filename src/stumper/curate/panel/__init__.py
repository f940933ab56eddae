"""A panel of models that judges answers.

`rubric` and `ask` are one judge, `panel` all of them, `pairs` reads lines of a file for them, `journal` keeps
what they said until it is written, `opinions` asks them about claims; `agreement` and `calibrate` tell
whether to believe them. `gapscore` is the published judge.
"""

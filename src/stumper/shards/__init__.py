"""Big files worked shard by shard, by one process, by workers on a queue, or by Ray: the same bytes come out.

``plan`` cuts a file into shards, ``kinds`` are the functions that work one (and the plain run), ``results``
has what came out of each, whole or not at all, ``hands`` does one shard after another; ``on_dbos`` and
``on_ray`` do that in many processes, ``run`` puts the parts together. ``answering`` asks models before an
evaluation. Whoever goes on looks at what results are there: no engine has to be the one that began.
"""

from stumper.shards.answering import ask_ahead
from stumper.shards.judging import mean_score, panel_figures
from stumper.shards.plan import ROWS
from stumper.shards.results import Told
from stumper.shards.run import Engine, Way, work_file

__all__ = ["ROWS", "Engine", "Told", "Way", "ask_ahead", "mean_score", "panel_figures", "work_file"]

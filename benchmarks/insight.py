"""python benchmarks/insight.py --players 500 --mix mixed   |   python benchmarks/insight.py --big

How well does `stumper insight` recover the model's error rate by category, and what does it cost? A simulated
crowd plays the bare rules, able players give each claim three votes, and the truth is known. The arena keeps
neither turns nor times of single marks, so fatigue and response times stay out. ``--big``: a million marks.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np

from stumper.records import Rules
from stumper.simulate.ballots import vote_fixed
from stumper.simulate.people import MIXES, TYPES
from stumper.simulate.strategies import Sort, Strategy
from stumper.simulate.table import ERROR_RATES, Played, play, seat
from stumper.trust.crowd import CrowdLog
from stumper.trust.error_rates import error_rates
from stumper.trust.playlog import PlayLog, tabulate_play
from stumper.trust.skill import fit_skill


def as_playlog(played: Played, votes: CrowdLog, *, pictures: int) -> PlayLog:
    """Returns controls, then items; a vote's item moves up by the number of controls."""
    controls, items = played.controls, played.items
    k, n = len(controls["player"]), len(items["player"])
    return tabulate_play(
        players=votes.players,
        categories=len(ERROR_RATES),
        player=np.concatenate([controls["player"], items["player"]]),
        busy=np.arange(k + n) >= k,
        poisoned=np.concatenate([controls["poisoned"], np.zeros(n)]),
        wrong=np.concatenate([controls["wrong"], items["claimed"]]),
        category=np.concatenate([np.zeros(k), items["category"]]),
        image=np.concatenate([np.full(k, pictures), items["image"]]),
        turn=np.zeros(k + n),
        item=votes.item + k,
        voter=votes.voter,
        says_wrong=votes.says_wrong,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--players", type=int, default=500)
    parser.add_argument("--mix", choices=MIXES, default="mixed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--big", action="store_true", help="a million marks")
    options = parser.parse_args()
    players = 16_500 if options.big else options.players
    rng = np.random.default_rng([options.seed, players])
    kinds = [Strategy(name, Sort.SLY, TYPES[name]) for name in MIXES[options.mix]]
    counts = [round(share * players) for share in MIXES[options.mix].values()]
    seats = seat(kinds, counts, rng.integers(1, 6, sum(counts)), rng)
    pictures = 2_000 + players
    played = play(seats, rules=Rules(), pictures=pictures, rng=rng)
    votes = vote_fixed(seats, played, votes=3, rules=Rules(), rng=rng, able_only=False)
    log = as_playlog(played, votes, pictures=pictures)
    print(f"{len(log.player)} marks, {len(log.item)} votes, {log.players} players", flush=True)
    held, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    fit = fit_skill(log)
    fitted = time.process_time() - start
    rates = error_rates(log, fit, seed=options.seed)
    seconds = time.process_time() - start
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held) / 1024
    print(f"fit {fitted:.1f} s, with rehearsal {seconds:.1f} s of one core, {memory:.0f} MB more")
    print("category  asked  marked  fitted           true")
    items = played.items
    for c, rate in enumerate(rates.categories):
        true = items["truth"][items["category"] == c].mean() if rate.asked else float("nan")
        if rate.error is not None:
            mean, low, high = rate.error
            print(f"{c:8} {rate.asked:6} {rate.marked:7.3f}  {mean:.3f} ({low:.3f} to {high:.3f}) {true:.3f}")


if __name__ == "__main__":
    main()

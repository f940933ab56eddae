"""python benchmarks/signals.py --players 300 3000 --seeds 1 2 3   |   python benchmarks/signals.py --big

Who is noticed, and what does it cost them? Simulated crowds (`stumper.simulate.rings`) of honest players of
many habits, robots, people who paste, and rings; for each kind of player the share that is noticed at all,
the share that loses weight, and the mean weight left. Every crowd has a seed of its own; shares are over all.

``--always``: families play together every time, not twice. ``--big``: 20,000 players, two million exchanges.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections import Counter

import numpy as np

from stumper.simulate import rings
from stumper.simulate.rings import HONEST, Role, crowd
from stumper.trust.signals import STRONG, Kind, detect, weight


def run(players: int, seeds: list[int]) -> None:
    shares: dict[Role, list[tuple[bool, bool, bool, float]]] = {role: [] for role in Role}
    kinds: dict[Role, Counter[str]] = {role: Counter() for role in Role}
    took, exchanges = [], []
    for seed in seeds:
        drawn = crowd(players=players, seed=seed)
        began = time.perf_counter()
        found = detect(drawn.traces)
        took.append(time.perf_counter() - began)
        exchanges.append(len(drawn.traces.asker))
        known: dict[int, dict[Kind, float]] = {}
        for one in found:
            known.setdefault(one.player, {})[one.kind] = one.strength
        for role in Role:
            for player in drawn.of(role).tolist():
                own = known.get(player, {})
                left = weight(own)
                shares[role].append((bool(own), left < 1.0, bool(STRONG & own.keys()), left))
                kinds[role].update(kind.value for kind in own)
    print(
        f"\n{players} players, {np.mean(exchanges):,.0f} exchanges, seeds {seeds}: {max(took):.2f} s at most"
    )
    print(f"{'':12}{'players':>8}{'noticed':>9}{'weight<1':>9}{'held pay':>9}{'weight':>8}  signals")
    for role in Role:
        rows = np.array(shares[role], dtype=float)
        noticed, lost, held, left = rows.mean(axis=0) if len(rows) else np.full(4, np.nan)
        what = ", ".join(f"{kind} {n}" for kind, n in kinds[role].most_common())
        print(f"{role.value:12}{len(rows):8}{noticed:9.3f}{lost:9.3f}{held:9.3f}{left:8.3f}  {what}")
    honest = np.array([row for role in HONEST for row in shares[role]], dtype=float)
    print(f"{'all honest':12}{len(honest):8}{honest[:, 0].mean():9.4f}{honest[:, 1].mean():9.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--players", type=int, nargs="+", default=[300, 3000])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--always", action="store_true")
    parser.add_argument("--big", action="store_true")
    options = parser.parse_args()
    if options.always:
        rings._MEETS = 99.0
    for players in [20_000] if options.big else options.players:
        run(players, options.seeds[:1] if options.big else options.seeds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\npeak memory {peak:.0f} MiB")


if __name__ == "__main__":
    main()

// The countdown ring. The server's clock decides; this one only shows it.

import { t } from "./words.js";

const LATE_S = 15;
const TOLD_S = [60, 30, 10];

export class Clock {
  /** `parts`: clock, ring, seconds, more, say. Calls `onEnd` once when the shown time is over. */
  constructor(parts, onEnd) {
    this.parts = parts;
    this.onEnd = onEnd;
    this.moreAt = null;
    this.paused = true;
    this.endsAt = 0;
    setInterval(() => this.tick(), 250);
  }

  /** `moreAt`: with so many seconds left more time is offered; null where there is none. */
  set({ left, whole, paused, moreAt = null }) {
    this.whole = whole;
    this.moreAt = moreAt;
    this.endsAt = performance.now() + left * 1000;
    this.ended = false;
    this.told = left;
    this.pause(paused);
  }

  /** Stops or starts the shown time; the next `set` brings the server's. */
  pause(paused) {
    if (paused && !this.paused) this.heldMs = this.endsAt - performance.now();
    if (paused && this.paused) this.heldMs ??= this.endsAt - performance.now();
    if (!paused) this.heldMs = undefined;
    this.paused = paused;
    this.parts.clock.classList.toggle("paused", paused);
    this.tick();
  }

  tick() {
    if (this.whole === undefined) return;
    const ms = this.paused ? this.heldMs : this.endsAt - performance.now();
    const left = Math.max(0, Math.ceil(ms / 1000));
    this.parts.seconds.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    this.parts.ring.style.strokeDashoffset = String(100 - 100 * Math.min(1, Math.max(0, ms / 1000 / this.whole)));
    this.parts.clock.classList.toggle("late", left <= LATE_S);
    this.offer(left);
    if (this.paused) return;
    for (const mark of TOLD_S) {
      if (left <= mark && this.told > mark) this.parts.say.textContent = t("{n} seconds left", { n: mark });
    }
    this.told = Math.min(this.told, left);
    if (ms <= 0 && !this.ended) {
      this.ended = true;
      this.onEnd();
    }
  }

  offer(left) {
    const offered = this.moreAt !== null && left <= this.moreAt;
    if (offered && this.parts.more.hidden) this.parts.say.textContent = t("{n} seconds left. You can take more time.", { n: left });
    this.parts.more.hidden = !offered;
  }
}

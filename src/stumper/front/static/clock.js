// The countdown ring. The server's clock decides; this one only shows it.

const LATE_S = 15;
const TOLD_S = [60, 30, 10];

export class Clock {
  /** `parts`: clock, ring, seconds, say. Calls `onEnd` once when the shown time is over. */
  constructor(parts, onEnd) {
    this.parts = parts;
    this.onEnd = onEnd;
    this.paused = true;
    this.endsAt = 0;
    setInterval(() => this.tick(), 250);
  }

  set({ left, whole, paused }) {
    this.whole = whole;
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
    if (this.paused) return;
    for (const mark of TOLD_S) {
      if (left <= mark && this.told > mark) this.parts.say.textContent = `${mark} seconds left`;
    }
    this.told = Math.min(this.told, left);
    if (ms <= 0 && !this.ended) {
      this.ended = true;
      this.onEnd();
    }
  }
}

// The picture, large: pinch, double tap, drag, wheel, buttons and keys (+ - 0 arrows, Esc).

const MOST = 6;
const TAP_MS = 320;
const STEP_PX = 60;

export class Zoom {
  constructor(dialog, image) {
    Object.assign(this, { dialog, image, fingers: new Map(), tapped: { at: 0, x: 0, y: 0 } });
    this.fit();
    for (const name of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
      image.addEventListener(name, (event) => this[name](event));
    }
    image.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    dialog.addEventListener("keydown", (event) => this.key(event));
    dialog.addEventListener("click", ({ target }) => this.press(target.closest("[data-zoom]")?.dataset.zoom));
  }

  open() {
    this.fit();
    this.dialog.showModal();
  }

  close() {
    if (this.dialog.open) this.dialog.close();
  }

  fit() {
    Object.assign(this, { scale: 1, x: 0, y: 0 });
    this.draw();
  }

  /** Keeps the picture over the screen: nothing beside its edges is shown. */
  draw() {
    const { clientWidth: wide, clientHeight: high } = this.image;
    this.x = Math.min(0, Math.max(wide * (1 - this.scale), this.x));
    this.y = Math.min(0, Math.max(high * (1 - this.scale), this.y));
    this.image.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
    this.image.dataset.scale = this.scale.toFixed(2);
  }

  /** Scales by a factor; the point of the screen stays where it is. */
  by(factor, x = this.image.clientWidth / 2, y = this.image.clientHeight / 2) {
    const scale = Math.min(MOST, Math.max(1, this.scale * factor));
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.draw();
  }

  move(x, y) {
    this.x += x;
    this.y += y;
    this.draw();
  }

  press(what) {
    if (what === "in") this.by(1.5);
    if (what === "out") this.by(1 / 1.5);
    if (what === "close") this.close();
  }

  key(event) {
    const act = {
      "+": () => this.by(1.5), "=": () => this.by(1.5), "-": () => this.by(1 / 1.5), 0: () => this.fit(),
      ArrowLeft: () => this.move(STEP_PX, 0), ArrowRight: () => this.move(-STEP_PX, 0),
      ArrowUp: () => this.move(0, STEP_PX), ArrowDown: () => this.move(0, -STEP_PX),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  wheel(event) {
    event.preventDefault();
    this.by(Math.exp(-event.deltaY / 400), event.clientX, event.clientY);
  }

  pointerdown(event) {
    this.image.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.moved = this.fingers.size > 1;
  }

  pointermove(event) {
    const from = this.fingers.get(event.pointerId);
    if (!from) return;
    const to = { x: event.clientX, y: event.clientY };
    const [other] = [...this.fingers].filter(([id]) => id !== event.pointerId).map(([, finger]) => finger);
    if (other) this.pinch(other, from, to);
    else this.move(to.x - from.x, to.y - from.y);
    if (Math.hypot(to.x - from.x, to.y - from.y) > 3) this.moved = true;
    this.fingers.set(event.pointerId, to);
  }

  pinch(other, from, to) {
    const apart = (finger) => Math.max(1, Math.hypot(finger.x - other.x, finger.y - other.y));
    this.by(apart(to) / apart(from), (to.x + other.x) / 2, (to.y + other.y) / 2);
  }

  pointerup(event) {
    this.fingers.delete(event.pointerId);
    if (!this.moved) this.tap(event.timeStamp, event.clientX, event.clientY);
  }

  pointercancel(event) {
    this.fingers.delete(event.pointerId);
  }

  tap(at, x, y) {
    const twice = at - this.tapped.at < TAP_MS && Math.hypot(x - this.tapped.x, y - this.tapped.y) < 30;
    this.tapped = twice ? { at: 0, x: 0, y: 0 } : { at, x, y };
    if (!twice) return;
    if (this.scale > 1) this.fit();
    else this.by(2.5, x, y);
  }
}

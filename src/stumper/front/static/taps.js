// A finger that taps twice in one place meant the first thing it hit: the second tap must not press what has come
// there meanwhile. Keys are not concerned, nor taps elsewhere, nor those after something was typed.

const NEAR_PX = 24;
const SOON_MS = 400;
let last = { x: 0, y: 0, at: -SOON_MS, control: null };

document.addEventListener("click", (event) => {
  if (!event.detail) return; // by key or script
  const { clientX: x, clientY: y, timeStamp: at } = event;
  const control = event.target.closest("label") ?? event.target.closest("button, a, input");
  const again = at - last.at < SOON_MS && Math.hypot(x - last.x, y - last.y) < NEAR_PX;
  if (again && control !== last.control) {
    event.preventDefault();
    event.stopPropagation();
    last.at = at;
    return;
  }
  last = { x, y, at, control };
}, true);
document.addEventListener("input", () => (last.at = -SOON_MS), true);

// Boards renew themselves only while somebody looks: the server sends a board when it has changed, and a page in a
// hidden tab hears and asks for nothing. Where nothing can be sent, the page asks every five seconds (board.html).
const AGAIN_MS = 60_000;
let stream = null;
let shown = "";

const section = () => document.getElementById("boards");
const heard = () => stream?.readyState === EventSource.OPEN;

/** Hears of the board that is shown; of none in a hidden tab. */
function listen() {
  const wanted = document.hidden ? "" : section().dataset.live;
  if (wanted === shown && stream?.readyState !== EventSource.CLOSED) return;
  stream?.close();
  stream = null;
  shown = wanted;
  if (!wanted) return;
  const opened = (stream = new EventSource(wanted));
  opened.addEventListener("board", (event) => opened === stream && show(JSON.parse(event.data)));
  // Lost for good, not for a moment: the server has no place for us, or a proxy lets no stream through.
  opened.addEventListener("error", () => opened.readyState === EventSource.CLOSED && setTimeout(listen, AGAIN_MS));
}

function show(text) {
  const target = section();
  // While another tab is on its way: this board is the one that was left.
  if (target.dataset.live === shown) htmx.swap({ text, target, sourceElement: target, swap: "outerMorph" });
}

document.addEventListener("htmx:before:request", (event) => {
  if (document.hidden || (heard() && event.target.matches("[data-poll]"))) event.preventDefault();
});
document.addEventListener("htmx:after:swap", listen);
document.addEventListener("visibilitychange", listen);
addEventListener("pagehide", () => stream?.close());
addEventListener("pageshow", listen);

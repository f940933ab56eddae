// What the play page shows: the talk, the dock with what to do next, and small notes. It decides nothing.

import { t } from "./words.js";

export const ui = Object.fromEntries([...document.querySelectorAll("[data-ui]")].map((node) => [node.dataset.ui, node]));
const robot = document.querySelector(".robot");
const DOCKS = ["asking", "judging", "correcting", "trouble", "ending"];
const TOAST_MS = 2600;
const SLOW_MS = 6000;

export function mood(name) {
  robot.dataset.mood = name;
}

/** Shows a mood for a while, unless another one has come. */
export function moodFor(name, ms) {
  mood(name);
  setTimeout(() => robot.dataset.mood === name && mood("idle"), ms);
}

export function newPicture(view) {
  const { turn, turns } = view;
  ui.chat.replaceChildren();
  ui.image.src = ui.large.src = `/api/turns/${turn.id}/picture`;
  ui.progress.textContent = t("Picture {n} of {all}", { n: turn.position + 1, all: turns });
  ui.blocks.replaceChildren(...Array.from({ length: turns }, (_, at) => {
    const block = document.createElement("li");
    block.className = at < turn.position ? "done" : at === turn.position ? "now" : "";
    return block;
  }));
  hint("hint", "");
  hint("correction-hint", "");
  mood("idle");
}

export function bubble(text, side, id) {
  const node = document.createElement("p");
  node.className = `bubble ${side}`;
  node.dir = "auto";
  node.textContent = text;
  if (id) node.dataset.id = id;
  ui.chat.append(node);
  scrollDown();
  return node;
}

/** A word of Pixel's that makes room for the next question. */
export function aside(text) {
  find("aside")?.remove();
  if (text) bubble(text, "theirs", "aside");
}

function find(id) {
  return ui.chat.querySelector(`[data-id="${CSS.escape(id)}"]`);
}

function scrollDown() {
  ui.chat.scrollTop = ui.chat.scrollHeight;
}

export function showQuestion(number, text) {
  return find(`q${number}`) ?? bubble(text, "mine", `q${number}`);
}

export function dropQuestion(number) {
  find(`q${number}`)?.remove();
  find(`a${number}`)?.remove();
}

export function showExchange(exchange) {
  find("aside")?.remove();
  const mine = showQuestion(exchange.number, exchange.question);
  if (exchange.answer === null) return;
  const theirs = find(`a${exchange.number}`) ?? bubble("", "theirs", `a${exchange.number}`);
  theirs.textContent = exchange.answer;
  theirs.classList.remove("typing");
  theirs.removeAttribute("aria-busy");
  for (const node of [mine, theirs]) node.classList.toggle("judged", exchange.verdict !== null);
  if (exchange.verdict === "correct") {
    const mark = document.createElement("span");
    mark.className = "mark";
    mark.textContent = t("✓ right");
    theirs.append(mark);
  }
}

/** Shows that Pixel thinks; after a while, that this is slow and costs no time. */
export function thinking(number) {
  find("aside")?.remove();
  const node = find(`a${number}`) ?? bubble("", "theirs", `a${number}`);
  node.classList.add("typing");
  node.setAttribute("aria-busy", "true");
  const words = document.createElement("span");
  words.className = "hide";
  words.textContent = t("Pixel is thinking");
  node.replaceChildren(words, ...Array.from({ length: 3 }, () => document.createElement("i")));
  mood("thinking");
  clearTimeout(thinking.timer);
  thinking.timer = setTimeout(() => {
    if (!node.isConnected || !node.classList.contains("typing")) return;
    words.className = "slow";
    words.textContent = ui.say.textContent = t("Pixel thinks slowly; the clock waits.");
    scrollDown();
  }, SLOW_MS);
  return node;
}

/** Shows in Pixel's bubble how many questions come first; null: this one's turn has come. */
export function inLine(node, ahead) {
  clearTimeout(thinking.timer);
  const words = node.firstElementChild;
  const first = words.className === "hide";
  words.className = ahead === null ? "hide" : "slow";
  if (ahead === null) words.textContent = t("Pixel is thinking");
  else words.textContent = ahead ? t("Many are asking. Before you: {n}", { n: ahead }) : t("Many are asking. You are next!");
  if (first) ui.say.textContent = words.textContent;
  scrollDown();
}

/** Shows one part of the dock, or none; `turn` is the open one, null at the end of the session. */
export function dock(name, turn, focus) {
  for (const part of DOCKS) ui[part].hidden = part !== name;
  ui.ideas.hidden = false;
  ui.under.hidden = ["correcting", "none", "ending"].includes(name);
  const begun = turn?.exchanges.length > 0;
  ui.left.textContent = name === "asking" && begun ? t("Questions left: {n}", { n: turn.questions_left }) : "";
  ui.skip.textContent = begun ? t("Next picture") : t("Skip this picture");
  focus?.focus({ preventScroll: true });
  scrollDown();
}

export function hint(part, text) {
  ui[part].hidden = !text;
  ui[part].textContent = text;
}

export function toast(text) {
  ui.toast.textContent = ui.say.textContent = text;
  ui.toast.hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => (ui.toast.hidden = true), TOAST_MS);
}

/** Offers to take a verdict back for so many seconds; calls `over` when they have passed. */
export function offerUndo(text, seconds, over) {
  clearTimeout(offerUndo.timer);
  ui.undo.hidden = !(seconds > 0);
  if (ui.undo.hidden) return;
  ui["undo-text"].textContent = text;
  ui.undo.style.setProperty("--left", `${seconds}s`);
  offerUndo.timer = setTimeout(() => {
    ui.undo.hidden = true;
    over();
  }, seconds * 1000);
}

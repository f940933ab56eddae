// The play page: sends the player's moves and shows what the server says. No rule lives here.

import "./taps.js";
import { Clock } from "./clock.js";
import { Draft } from "./drafts.js";
import { give as giveIdeas, steer, takeBack } from "./ideas.js";
import * as keys from "./keys.js";
import { Refusal, ask, call, renewIfStale } from "./net.js";
import { aside, dock, dropQuestion, hint, inLine, mood, moodFor, newPicture, offerUndo, showExchange, showQuestion, thinking, toast, ui } from "./show.js";
import * as sound from "./sound.js";
import { t } from "./words.js";
import { Zoom } from "./zoom.js";

const page = document.querySelector("[data-session]");
const home = `/sessions/${page.dataset.session}`;
const clock = new Clock(ui, () => timeIsUp());
const zoom = new Zoom(ui.zoom, ui.large);

const GREETINGS = [t("Ask me anything about this picture!"), t("I see everything. Try me!"), t("Go on, I am ready."), t("This one is easy for me.")];
const BOASTS = [t("Told you! Ask me something harder."), t("Of course. What else?"), t("Easy. One more?")];
const AGAIN_MS = 4000; // a lost connection is tried again so often

let turn = null; // as the server sent it last
let draft = null; // of that turn
let undoable = null; // the exchange whose verdict can be taken back
let busy = false; // a move is on its way
let retry = null; // what "Try again" does
let waiting = null; // the timer that looks for an answer which is on its way
let again = null; // the timer that tries a lost connection

// ---- what to show ----

function show(view) {
  undoable = view.undo;
  offerUndo(t("Your answer is noted."), view.undo_s, () => (turn ? (undoable = null) : seeResult()));
  if (!view.turn) return view.undo ? showEnd() : seeResult();
  const fresh = turn?.id !== view.turn.id;
  turn = view.turn;
  if (fresh) begin(view);
  const { seconds_left: left, paused, more_at_s: moreAt } = turn;
  clock.set({ left, whole: Number(page.dataset.turnSeconds), paused, moreAt });
  turn.exchanges.forEach(showExchange);
  chooseDock();
}

function begin(view) {
  draft = new Draft(turn.id);
  for (const open of document.querySelectorAll("dialog[open]:not([data-ui=help])")) open.close();
  newPicture(view);
  ui.question.value = draft.all.question ?? "";
  ui.correction.value = draft.all.correction ?? "";
  for (const choice of ui.sure.querySelectorAll("input")) choice.checked = false;
  const { id, position } = turn;
  takeBack(ui.chips);
  if (ui.idea) ui.idea.hidden = false;
  if (!turn.exchanges.length) aside(GREETINGS[position % GREETINGS.length]);
  steer(home, ui.chips).then((dare) => {
    if (dare && position > 0 && turn?.id === id && ui.chat.querySelector("[data-id=aside]")) aside(dare);
  });
}

/** The last verdict can still be taken back: the result, which ends that, waits for it or for a tap. */
function showEnd() {
  turn = null;
  clock.pause(true);
  mood("stumped");
  aside("");
  dock("ending", null, ui["ending-title"]);
}

function seeResult() {
  location.replace(`${home}/end`);
}

function chooseDock() {
  const last = turn.exchanges.at(-1);
  if (last && last.answer === null) return waitFor(last);
  if (last && last.verdict === null) return chooseVerdict(last);
  dock("asking", turn, matchMedia("(pointer: fine)").matches ? ui.question : null);
  const used = turn.questions_left < 1;
  ui.question.disabled = used;
  if (used) hint("hint", t("No questions left for this picture. On to the next one!"));
}

function chooseVerdict(exchange) {
  ui.crossed.textContent = exchange.answer;
  if (draft.all.wrong) dock("correcting", turn, ui.correction);
  else dock("judging", turn, ui["judge-title"]);
}

// ---- moves ----

/** Runs one move at a time; a refusal is shown and the move can be tried again. */
async function move(action) {
  if (busy) return;
  busy = true;
  try {
    await action();
  } catch (error) {
    busy = false;
    await refused(error, action);
  } finally {
    busy = false;
  }
  renewIfStale();
}

async function refused(error, action) {
  if (!(error instanceof Refusal)) throw error;
  if (error.status === 401) return location.assign("/");
  if (["bad_question", "budget_spent"].includes(error.code)) return askAgain(error.message);
  if (error.code === "bad_correction") return hint("correction-hint", error.message);
  if (error.code === "still_thinking") return lookAgain();
  if (error.status === 409) {
    toast(error.message);
    return move(refresh);
  }
  trouble(error, action);
}

function askAgain(message) {
  dropUnasked();
  mood("idle");
  chooseDock();
  hint("hint", message);
}

function dropUnasked() {
  dropQuestion(unanswered()?.number ?? turn.exchanges.length);
}

/** The question that the server holds without an answer. */
function unanswered() {
  return turn.exchanges.find((exchange) => exchange.answer === null);
}

/** The opponent or the line is down: the clock stands, the words stay, and one button tries again. */
function trouble(error, action) {
  mood("asleep");
  clock.pause(true);
  ui["trouble-text"].textContent = error.message;
  retry = action;
  dock("trouble", turn, ui.retry);
  if (turn && ui.question.value) {
    dropUnasked();
    ui.asking.hidden = false;
    ui.ideas.hidden = true;
  }
  clearTimeout(again);
  if (error.code === "offline") again = setTimeout(tryAgain, AGAIN_MS);
}

function tryAgain() {
  if (ui.trouble.hidden) return;
  const action = retry;
  const id = turn?.id;
  move(async () => {
    await refresh();
    if (action !== refresh && turn?.id === id && !waiting) await action();
  });
}

async function refresh() {
  show(await call("GET", `/api${home}`));
}

/** Asks the server, whose clock decides; it allows a late verdict two seconds more than is shown. */
async function timeIsUp() {
  const before = turn?.id;
  sound.play("late");
  await move(refresh);
  clearTimeout(timeIsUp.timer);
  if (turn?.id !== before) toast(t("Time is up. Here is the next picture."));
  else if (turn && turn.seconds_left <= 0 && !turn.paused) timeIsUp.timer = setTimeout(timeIsUp, 700);
}

function lookAgain() {
  thinking(unanswered()?.number ?? turn.exchanges.length);
  clock.pause(true);
  dock("none", turn);
  clearTimeout(waiting);
  waiting = setTimeout(() => move(refresh), 1500);
}

/** After a reload while the model thinks, or after it failed: the same question goes again with its key. */
function waitFor(exchange) {
  const { sent, key } = draft.all;
  if (key && sent.trim() === exchange.question) {
    thinking(exchange.number);
    dock("none", turn);
    clearTimeout(waiting);
    waiting = setTimeout(() => move(() => send(sent, key)));
    return;
  }
  dropUnasked();
  ui.question.value ||= exchange.question;
  dock("asking", turn, ui.question);
  hint("hint", t("Pixel has not answered this yet. Send it again, or ask something else."));
}

async function send(question, key) {
  clearTimeout(waiting);
  waiting = null;
  offerUndo("", 0);
  const number = unanswered()?.number ?? turn.exchanges.length;
  showQuestion(number, question);
  const node = thinking(number);
  clock.pause(true);
  dock("none", turn);
  sound.play("asked");
  let text = "";
  const exchange = await ask(`/api/turns/${turn.id}/exchanges`, { question, key, pasted: !!draft.all.pasted, opening: !!draft.all.opening }, (word) => {
    mood("talking");
    node.classList.remove("typing");
    node.textContent = text += word;
  }, (ahead) => inLine(node, ahead));
  draft.done();
  ui.question.value = ui.correction.value = "";
  ui.say.textContent = t("Pixel says: {answer}", { answer: exchange.answer });
  sound.play("answered");
  mood("idle");
  await refresh();
}

function judge(verdict, correction) {
  const { id } = turn.exchanges.at(-1);
  const confidence = Number(ui.sure.querySelector(":checked")?.value) || null;
  return move(async () => {
    const view = await call("POST", `/api/exchanges/${id}/verdict`, { verdict, correction, pasted: !!draft.all.pasted, confidence });
    sound.play(verdict === "correct" ? "right" : "wrong");
    sound.buzz(...(verdict === "correct" ? [20] : [30, 40, 30]));
    draft.keep({ wrong: false, correction: "", pasted: false });
    ui.correction.value = "";
    for (const choice of ui.sure.querySelectorAll("input")) choice.checked = false;
    verdict === "correct" ? boast(view) : give(view, correction);
  });
}

function boast(view) {
  const before = turn;
  show(view);
  moodFor("proud", 2200);
  if (view.turn?.id === before.id) aside(BOASTS[before.exchanges.length % BOASTS.length]);
}

function give(view, correction) {
  show(view);
  moodFor("stumped", 2200);
  ui["undo-text"].textContent = ui.say.textContent = t("Noted: “{answer}”.", { answer: correction });
}

function undo() {
  const id = undoable;
  if (!id || ui.undo.hidden) return;
  move(async () => {
    const view = await call("POST", `/api/exchanges/${id}/undo`);
    turn = null; // the same picture begins anew, with its question and answer
    show(view);
    toast(t("Taken back. Look again."));
  });
}

function moreTime() {
  if (ui.more.hidden) return;
  move(async () => {
    show(await call("POST", `/api/turns/${turn.id}/more`));
    toast(t("There you are: more time."));
  });
}

function leave(how, body) {
  const { id } = turn;
  move(async () => show(await call("POST", `/api/turns/${id}/${how}`, body)));
}

// ---- the player's hands ----

ui.asking.addEventListener("submit", (event) => {
  event.preventDefault();
  const question = ui.question.value.trim();
  if (!question) return hint("hint", t("Type a question first, or tap one of the ideas.")), ui.question.focus();
  hint("hint", "");
  move(() => send(question, draft.keyFor(question)));
});
ui.question.addEventListener("input", () => {
  draft.keep({ question: ui.question.value, ...(ui.question.value.trim() ? {} : { opening: false }) });
  hint("hint", "");
});
ui.correction.addEventListener("input", () => {
  draft.keep({ correction: ui.correction.value });
  hint("correction-hint", "");
});
for (const field of [ui.question, ui.correction]) field.addEventListener("paste", () => draft.keep({ pasted: true }));
ui.chips.addEventListener("click", ({ target }) => {
  if (target.tagName !== "BUTTON") return;
  const idea = target.textContent.trim();
  ui.question.value = idea;
  draft.keep({ question: idea, opening: !!target.parentElement.dataset.category });
  ui.question.focus();
  const blank = idea.indexOf("…");
  if (blank >= 0) ui.question.setSelectionRange(blank, blank + 1);
});
ui.idea?.addEventListener("click", () => move(async () => {
  const { id } = turn;
  await giveIdeas(id, ui.chips);
  if (turn?.id !== id) return takeBack(ui.chips);
  ui.idea.hidden = true;
  ui.chips.querySelector("button")?.focus();
  aside(t("Stuck? Here is an idea. It will not stump me!"));
}));
ui.right.addEventListener("click", () => judge("correct"));
ui.wrong.addEventListener("click", () => {
  draft.keep({ wrong: true });
  mood("stumped");
  chooseVerdict(turn.exchanges.at(-1));
});
ui.back.addEventListener("click", () => {
  draft.keep({ wrong: false });
  mood("idle");
  chooseVerdict(turn.exchanges.at(-1));
});
ui.correcting.addEventListener("submit", (event) => {
  event.preventDefault();
  const correction = ui.correction.value.trim();
  if (!correction) return hint("correction-hint", t("Please type the right answer: it is what the robot learns from.")), ui.correction.focus();
  judge("wrong", correction);
});
ui["undo-button"].addEventListener("click", undo);
ui.more.addEventListener("click", moreTime);
ui.skip.addEventListener("click", () => leave("skip", {}));
ui.retry.addEventListener("click", tryAgain);
ui.picture.addEventListener("click", () => zoom.open());
ui["leave-button"].addEventListener("click", () => ui.leave.showModal());
ui["help-button"].addEventListener("click", () => ui.help.showModal());
ui.leave.addEventListener("click", ({ target }) => {
  const { skip, report } = target.dataset;
  if (!skip && !report) return;
  ui.leave.close();
  if (skip) leave("skip", { reason: skip });
  else leave("report", { reason: report }), toast(t("Thank you. Here is another picture."));
});
for (const button of document.querySelectorAll("[data-close]")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}
ui.result.addEventListener("click", (event) => {
  event.preventDefault();
  seeResult();
});

keys.offer(ui["use-keys"]);
ui["use-sound"].checked = sound.isOn();
ui["use-sound"].addEventListener("change", () => sound.switchSound(ui["use-sound"].checked));
const press = (button) => () => button.checkVisibility() && button.click();
keys.listen({
  r: press(ui.right), 1: press(ui.right), w: press(ui.wrong), 2: press(ui.wrong),
  u: undo, m: moreTime, z: () => zoom.open(), "?": () => ui.help.showModal(),
});

const lookUp = () => ui.trouble.hidden && move(refresh);
document.addEventListener("visibilitychange", () => !document.hidden && lookUp());
addEventListener("pageshow", ({ persisted }) => persisted && lookUp());
addEventListener("online", tryAgain);

move(refresh);

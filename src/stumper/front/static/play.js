// The play page: shows what the server says, keeps drafts, and sends the player's moves. No rule lives here.

import { Refusal, ask, call, newKey } from "./net.js";
import { Clock } from "./clock.js";

const page = document.querySelector("[data-session]");
const home = `/sessions/${page.dataset.session}`;
const ui = Object.fromEntries([...document.querySelectorAll("[data-ui]")].map((node) => [node.dataset.ui, node]));
const robot = document.querySelector(".robot");
const clock = new Clock(ui, () => timeIsUp());

const GREETINGS = ["Ask me anything about this picture!", "I see everything. Try me!", "Go on, I am ready.", "This one is easy for me."];
const BOASTS = ["Told you! Ask me something harder.", "Of course. What else?", "Easy. One more?"];

let turn = null; // as the server sent it last
let busy = false; // a move is on its way
let retry = null; // what "Try again" does
let waiting = null; // the timer that looks for an answer which is on its way

// ---- what to show ----

function show(view) {
  if (view.finished || !view.turn) return location.replace(`${home}/end`);
  const fresh = turn?.id !== view.turn.id;
  turn = view.turn;
  if (fresh) newPicture(view);
  clock.set({ left: turn.seconds_left, whole: Number(page.dataset.turnSeconds), paused: turn.paused });
  turn.exchanges.forEach(showExchange);
  chooseDock();
}

function newPicture(view) {
  ui.chat.replaceChildren();
  ui.image.src = ui.large.src = `/api/turns/${turn.id}/picture`;
  ui.progress.textContent = `Picture ${turn.position + 1} of ${view.turns}`;
  ui.blocks.replaceChildren(...Array.from({ length: view.turns }, (_, at) => {
    const block = document.createElement("li");
    block.className = at < turn.position ? "done" : at === turn.position ? "now" : "";
    return block;
  }));
  turnChips(turn.position);
  ui.question.value = draft().question ?? "";
  ui.correction.value = draft().correction ?? "";
  hint("hint", "");
  hint("correction-hint", "");
  if (!turn.exchanges.length) bubble(GREETINGS[turn.position % GREETINGS.length], "theirs", "aside");
  mood("idle");
}

/** Begins the row of ideas elsewhere on every picture, so that not everybody asks "How many" first. */
function turnChips(position) {
  const chips = [...ui.chips.children];
  chips.push(...chips.splice(0, position ? 3 % chips.length : 0));
  ui.chips.replaceChildren(...chips);
  ui.chips.scrollLeft = 0;
}

function bubble(text, side, id) {
  const node = document.createElement("p");
  node.className = `bubble ${side}`;
  node.textContent = text;
  if (id) node.dataset.id = id;
  ui.chat.append(node);
  ui.chat.scrollTop = ui.chat.scrollHeight;
  return node;
}

function find(id) {
  return ui.chat.querySelector(`[data-id="${CSS.escape(id)}"]`);
}

function showExchange(exchange) {
  find("aside")?.remove();
  const mine = find(`q${exchange.number}`) ?? bubble(exchange.question, "mine", `q${exchange.number}`);
  if (exchange.answer === null) return;
  const theirs = find(`a${exchange.number}`) ?? bubble("", "theirs", `a${exchange.number}`);
  theirs.textContent = exchange.answer;
  theirs.removeAttribute("aria-busy");
  for (const node of [mine, theirs]) node.classList.toggle("judged", exchange.verdict !== null);
  if (exchange.verdict === "correct") {
    const mark = document.createElement("span");
    mark.className = "mark";
    mark.textContent = "✓ right";
    theirs.append(mark);
  }
}

function thinking(number) {
  find("aside")?.remove();
  const node = find(`a${number}`) ?? bubble("", "theirs", `a${number}`);
  node.classList.add("typing");
  node.setAttribute("aria-busy", "true");
  node.innerHTML = '<span class="hide">Pixel is thinking</span><i></i><i></i><i></i>';
  mood("thinking");
  return node;
}

function mood(name) {
  robot.dataset.mood = name;
}

function dock(name, focus) {
  for (const part of ["asking", "judging", "correcting", "trouble"]) ui[part].hidden = part !== name;
  ui.chips.hidden = false;
  ui.under.hidden = name === "correcting" || name === "none";
  ui.left.textContent = name === "asking" && turn.exchanges.length ? `${turn.questions_left} questions left` : "";
  ui.skip.textContent = turn?.exchanges.length ? "Next picture" : "Skip this picture";
  focus?.focus({ preventScroll: true });
  ui.chat.scrollTop = ui.chat.scrollHeight;
}

function chooseDock() {
  const last = turn.exchanges.at(-1);
  if (last && last.answer === null) return waitFor(last);
  if (last && last.verdict === null) return chooseVerdict(last);
  dock("asking", matchMedia("(pointer: fine)").matches ? ui.question : null);
  const used = turn.questions_left < 1;
  ui.question.disabled = used;
  if (used) hint("hint", "No questions left for this picture. On to the next one!");
}

function chooseVerdict(exchange) {
  ui.crossed.textContent = exchange.answer;
  if (draft().wrong) dock("correcting", ui.correction);
  else dock("judging", ui["judge-title"]);
}

function hint(part, text) {
  ui[part].hidden = !text;
  ui[part].textContent = text;
}

function toast(text) {
  ui.toast.textContent = ui.say.textContent = text;
  ui.toast.hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => (ui.toast.hidden = true), 2600);
}

// ---- drafts: what is typed survives a reload ----

function draft() {
  return JSON.parse(sessionStorage.getItem(`draft ${turn.id}`) ?? "{}");
}

function keep(change) {
  sessionStorage.setItem(`draft ${turn.id}`, JSON.stringify({ ...draft(), ...change }));
}

/** The key of this question: the same words sent again are the same question. */
function keyFor(question) {
  if (draft().sent !== question) keep({ sent: question, key: newKey() });
  return draft().key;
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
}

async function refused(error, action) {
  if (!(error instanceof Refusal)) throw error;
  if (error.status === 401) return location.assign("/");
  if (error.code === "bad_question") return askAgain(error.message);
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
  const number = unanswered()?.number ?? turn.exchanges.length;
  find(`q${number}`)?.remove();
  find(`a${number}`)?.remove();
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
  dock("trouble", ui.retry);
  if (turn && ui.question.value) {
    dropUnasked();
    ui.asking.hidden = false;
    ui.chips.hidden = true;
  }
  if (error.code !== "offline") return;
  addEventListener("online", () => !ui.trouble.hidden && ui.retry.click(), { once: true });
}

async function refresh() {
  show(await call("GET", `/api${home}`));
}

/** Asks the server, whose clock decides; it allows a late verdict two seconds more than is shown. */
async function timeIsUp() {
  const before = turn.id;
  await move(refresh);
  clearTimeout(timeIsUp.timer);
  if (turn.id !== before) toast("Time is up. Here is the next picture.");
  else if (turn.seconds_left <= 0 && !turn.paused) timeIsUp.timer = setTimeout(timeIsUp, 700);
}

function lookAgain() {
  thinking(unanswered()?.number ?? turn.exchanges.length);
  clock.pause(true);
  dock("none");
  clearTimeout(waiting);
  waiting = setTimeout(() => move(refresh), 1500);
}

/** After a reload while the model thinks, or after it failed: the same question goes again with its key. */
function waitFor(exchange) {
  const { sent, key } = draft();
  if (key && sent.trim() === exchange.question) {
    thinking(exchange.number);
    dock("none");
    clearTimeout(waiting);
    waiting = setTimeout(() => move(() => send(sent, key)));
    return;
  }
  dropUnasked();
  ui.question.value ||= exchange.question;
  dock("asking", ui.question);
  hint("hint", "Pixel has not answered this yet. Send it again, or ask something else.");
}

async function send(question, key) {
  clearTimeout(waiting);
  waiting = null;
  const number = unanswered()?.number ?? turn.exchanges.length;
  if (!find(`q${number}`)) bubble(question, "mine", `q${number}`);
  const node = thinking(number);
  clock.pause(true);
  dock("none");
  let text = "";
  const exchange = await ask(`/api/turns/${turn.id}/exchanges`, { question, key, pasted: !!draft().pasted }, (word) => {
    mood("talking");
    node.classList.remove("typing");
    node.textContent = text += word;
  });
  keep({ question: "", sent: "", key: "", correction: "", wrong: false, pasted: false });
  ui.question.value = ui.correction.value = "";
  ui.say.textContent = `Pixel says: ${exchange.answer}`;
  mood("idle");
  await refresh();
}

function judge(verdict, correction) {
  const { id } = turn.exchanges.at(-1);
  return move(async () => {
    const view = await call("POST", `/api/exchanges/${id}/verdict`, { verdict, correction, pasted: !!draft().pasted });
    const boasts = verdict === "correct";
    const at = turn.exchanges.length;
    if (!boasts) {
      mood("stumped");
      toast(`Noted: “${correction}”.`);
      dock("none");
      await new Promise((done) => setTimeout(done, 900));
    }
    keep({ wrong: false, correction: "", pasted: false });
    show(view);
    if (boasts) {
      mood("proud");
      if (view.turn?.id === turn.id) bubble(BOASTS[at % BOASTS.length], "theirs", "aside");
      setTimeout(() => robot.dataset.mood === "proud" && mood("idle"), 2200);
    }
  });
}

// ---- the player's hands ----

ui.asking.addEventListener("submit", (event) => {
  event.preventDefault();
  const question = ui.question.value.trim();
  if (!question) return hint("hint", "Type a question first, or tap one of the ideas."), ui.question.focus();
  hint("hint", "");
  move(() => send(question, keyFor(question)));
});
ui.question.addEventListener("input", () => {
  keep({ question: ui.question.value });
  hint("hint", "");
});
ui.correction.addEventListener("input", () => {
  keep({ correction: ui.correction.value });
  hint("correction-hint", "");
});
for (const field of [ui.question, ui.correction]) field.addEventListener("paste", () => keep({ pasted: true }));
ui.chips.addEventListener("click", ({ target }) => {
  if (target.tagName !== "BUTTON") return;
  const idea = target.textContent.trim();
  ui.question.value = idea;
  keep({ question: idea });
  ui.question.focus();
  const blank = idea.indexOf("…");
  if (blank >= 0) ui.question.setSelectionRange(blank, blank + 1);
});
ui.right.addEventListener("click", () => judge("correct"));
ui.wrong.addEventListener("click", () => {
  keep({ wrong: true });
  mood("stumped");
  chooseVerdict(turn.exchanges.at(-1));
});
ui.back.addEventListener("click", () => {
  keep({ wrong: false });
  mood("idle");
  chooseVerdict(turn.exchanges.at(-1));
});
ui.correcting.addEventListener("submit", (event) => {
  event.preventDefault();
  const correction = ui.correction.value.trim();
  if (!correction) return hint("correction-hint", "Please type the right answer: it is what the robot learns from."), ui.correction.focus();
  judge("wrong", correction);
});
ui.skip.addEventListener("click", () => move(async () => show(await call("POST", `/api/turns/${turn.id}/skip`))));
ui.retry.addEventListener("click", () => {
  const again = retry;
  const id = turn?.id;
  move(async () => {
    await refresh();
    if (again !== refresh && turn.id === id && !waiting) await again();
  });
});
ui.picture.addEventListener("click", () => ui.zoom.showModal());
ui.zoom.addEventListener("click", () => ui.zoom.close());
document.addEventListener("visibilitychange", () => !document.hidden && ui.trouble.hidden && move(refresh));

move(refresh);

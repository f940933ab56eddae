// Leads through the two pictures of the tutorial. Nothing is kept: a reload begins again.

import { call } from "./net.js";
import { t } from "./words.js";

const ui = Object.fromEntries([...document.querySelectorAll("[data-ui]")].map((part) => [part.dataset.ui, part]));
const steps = [...document.querySelectorAll("[data-step]")];
const pictures = [...document.querySelectorAll("[data-picture]")];
const dots = [...document.querySelectorAll(".where i")];
const robot = document.querySelector(".robot");
const SLOW_MS = 2500;

let step = 0;
let answered = null; // what the server said to the last question
let busy = false;

const mood = (name) => (robot.dataset.mood = name);

function show(...names) {
  for (const name of ["own", "judging", "correcting", "next", "done"]) ui[name].hidden = !names.includes(name);
  steps.forEach((list, n) => (list.hidden = n !== step || !names.includes("own")));
}

function bubble(words, mine) {
  const said = document.createElement("p");
  said.className = `bubble ${mine ? "mine" : "theirs"}`;
  said.textContent = words;
  said.lang = "en";
  said.dir = "auto";
  ui.chat.append(said);
  return said;
}

function teach(words, good) {
  ui.lesson.textContent = words;
  ui.lesson.classList.toggle("good", good);
  ui.lesson.hidden = false;
  ui.lesson.focus();
}

/** Takes "5", "five" and "Five people" for the same. */
function means(typed, truth) {
  const numbers = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
  const words = typed.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.includes(truth) || (numbers.includes(truth) && words.includes(String(numbers.indexOf(truth))));
}

async function ask(question) {
  if (busy || !question.trim()) return;
  busy = true;
  ui.trouble.hidden = ui.lesson.hidden = true;
  ui.chat.replaceChildren();
  bubble(question, true);
  show();
  mood("thinking");
  const waking = setTimeout(() => teach(t("Pixel is waking up. One moment…"), false), SLOW_MS);
  try {
    answered = await call("POST", `/api/tutorial/${steps[step].dataset.pictureOf}/questions`, { question });
    mood("talking");
    bubble(answered.answer, false);
    show("judging");
    ui.judge.focus();
  } catch (refusal) {
    mood("asleep");
    ui.trouble.textContent = refusal.message;
    ui.trouble.hidden = false;
    show("own");
  }
  clearTimeout(waking);
  if (answered) ui.lesson.hidden = true;
  busy = false;
}

function judge(verdict) {
  const { right, falsified, truth } = answered;
  const model = answered.model_answer;
  if (right === null) {
    mood("idle");
    teach(t("Nobody knows the truth here yet. In the game other players check such an answer. Try another question."), false);
    show("own");
  } else if (verdict === "correct" && right) {
    mood("proud");
    teach(t("Well judged! Right answers win no points, but they build trust: the more we trust your eyes, the more your catches win."), true);
    show(step === 0 ? "next" : "own");
  } else if (verdict === "wrong" && right) {
    mood("idle");
    teach(t("Look again: “{truth}” is right. A false alarm costs 20 points, so be sure before you tap.", { truth }), false);
    show(step === 0 ? "next" : "own");
  } else if (falsified) {
    mood(verdict === "wrong" ? "stumped" : "proud");
    teach(
      verdict === "wrong"
        ? t("We slipped in a false answer and you saw it: +20! Pixel had really said “{model}”.", { model })
        : t("That one was false, and it slipped past you: Pixel had really said “{model}”. Always look at the picture.", { model }),
      verdict === "wrong",
    );
    show("next");
  } else if (verdict === "wrong") {
    mood("stumped");
    show("correcting");
    ui.correction.focus();
  } else {
    mood("proud");
    teach(t("Look again, and count for yourself. Is “{answer}” really right?", { answer: answered.answer }), false);
    show("judging");
  }
}

function correct(typed) {
  if (!typed.trim()) return;
  const good = means(typed, answered.truth);
  mood("stumped");
  teach(
    good
      ? t("A real catch! Other players check it, then it pays points, and Pixel learns it.")
      : t("It is “{truth}”. In the game other players check your answer, and only a right one pays.", { truth: answered.truth }),
    good,
  );
  show(step === steps.length - 1 ? "done" : "next");
}

function goOn() {
  step += 1;
  const picture = steps[step].dataset.pictureOf;
  for (const view of pictures) view.hidden = view.dataset.picture !== picture;
  dots.forEach((dot, n) => dot.classList.toggle("on", n <= step));
  ui.where.textContent = t("Picture {n} of {all}", { n: picture, all: pictures.length });
  ui.title.textContent = steps[step].dataset.title;
  ui.chat.replaceChildren();
  ui.lesson.hidden = true;
  answered = null;
  mood("idle");
  show("own");
  ui.title.focus();
  scrollTo(0, 0);
}

for (const button of document.querySelectorAll("[data-question]")) button.onclick = () => ask(button.dataset.question);
for (const button of document.querySelectorAll("[data-verdict]")) button.onclick = () => judge(button.dataset.verdict);
ui.own.onsubmit = (event) => {
  event.preventDefault();
  ask(ui.question.value);
  ui.question.value = "";
};
ui.correcting.onsubmit = (event) => {
  event.preventDefault();
  correct(ui.correction.value);
  ui.correction.value = "";
};
ui.next.onclick = goOn;

// Ideas for a question: those about what this player and the data lack come first, and Pixel dares them to it.

import { call } from "./net.js";
import { t } from "./words.js";

const DARES = {
  spatial: t("Try what is behind something. I see everything!"),
  counting: t("Count something small. I count fast!"),
  text: t("Ask what is written somewhere. I can read!"),
  comparison: t("Compare two things. Which is bigger?"),
  attribute: t("Ask about a detail: open or shut, full or empty?"),
  action: t("Ask what somebody is doing. I notice!"),
  color: t("Ask for the colour of something small."),
  existence: t("Ask for something that may not be there."),
  reasoning: t("Make me think: what happened before this?"),
  identification: t("Ask what that odd thing is."),
  scene: t("Ask where this is, or what the weather is like."),
};

/** Puts the chips of the uncovered categories first; returns Pixel's dare, or "" where the server was not reached. */
export async function steer(home, chips) {
  const { categories } = await call("GET", `/api${home}/ideas`).catch(() => ({ categories: [] }));
  const place = (chip) => categories.indexOf(chip.dataset.category);
  const seen = new Set();
  const later = (chip) => seen.size === seen.add(chip.dataset.category).size; // a second one of its kind
  const ranked = [...chips.querySelectorAll("[data-category]")].sort((a, b) => place(a) - place(b)).map((chip) => [later(chip), chip]);
  if (categories.length) chips.append(...ranked.sort((a, b) => a[0] - b[0]).map(([, chip]) => chip));
  chips.scrollLeft = 0;
  return DARES[categories[0]] ?? "";
}

/** Puts the ideas that the player gets for this picture before the openings. */
export async function give(turnId, chips) {
  const { ideas } = await call("POST", `/api/turns/${turnId}/ideas`);
  takeBack(chips);
  chips.prepend(...ideas.map(({ text }) => given(text)));
  chips.scrollLeft = 0;
}

/** Takes the ideas for another picture away. */
export function takeBack(chips) {
  for (const one of chips.querySelectorAll(".given")) one.remove();
}

function given(text) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  item.className = "given";
  button.type = "button";
  button.dir = "auto";
  button.textContent = text;
  item.append(button);
  return item;
}

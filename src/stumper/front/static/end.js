// The end of a session: points count up, and the card is shared.

import { t } from "./words.js";

const points = document.querySelector("[data-ui=points]");
const share = document.querySelector("[data-ui=share]");
const shared = document.querySelector("[data-ui=shared]");
const COUNT_MS = 900;

function countUp() {
  const told = points.textContent;
  const goal = Number(told.replace("−", "-"));
  if (!goal || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const began = performance.now();
  const tick = (now) => {
    const share = Math.min(1, (now - began) / COUNT_MS);
    const n = Math.round(goal * (1 - (1 - share) ** 3));
    points.textContent = share === 1 ? told : n > 0 ? `+${n}` : `−${-n}`;
    if (share < 1) requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}

async function shareCard(event) {
  event.preventDefault();
  const url = share.href;
  try {
    if (navigator.share) await navigator.share({ title: "Stumper", text: share.dataset.text, url });
    else {
      await navigator.clipboard.writeText(url);
      shared.textContent = t("The link is copied: paste it where your friends are.");
    }
  } catch (error) {
    if (error.name !== "AbortError") location.href = url; // no clipboard on plain http: the page shows the card
  }
}

countUp();
share?.addEventListener("click", shareCard);

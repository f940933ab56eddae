// The page's only way to the server: JSON calls, one streamed answer, and one kind of refusal.

import { t } from "./words.js";

const VERSION = import.meta.url.match(/\/static\/([^/]+)\//)?.[1];
const CALL_MS = 15_000;
const ANSWER_MS = 90_000; // a slow opponent gets 60 s on the server; the page waits a little longer

let theirs = VERSION;

/** Loads the page anew, once for each version that the server has meanwhile; drafts stay. */
export function renewIfStale() {
  if (theirs === VERSION || sessionStorage.getItem("renewed") === theirs) return;
  sessionStorage.setItem("renewed", theirs);
  location.reload();
}

/** What the server refused (code and message from its error), or `code: "offline"` when it was not reached. */
export class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

async function send(method, url, body, accept, ms) {
  let response;
  try {
    response = await fetch(url, {
      method,
      headers: { Accept: accept, ...(body && { "Content-Type": "application/json" }) },
      body: body && JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(ms),
    });
  } catch {
    throw new Refusal(0, "offline", t("The connection is gone. Nothing you typed is lost."));
  }
  theirs = response.headers.get("Stumper-Version") ?? theirs;
  if (response.ok) return response;
  const { error } = await response.json().catch(() => ({}));
  throw new Refusal(response.status, error?.code ?? "error", error?.message ?? t("That did not work. Please try again."));
}

/** Calls the API and returns its JSON. */
export async function call(method, url, body) {
  const response = await send(method, url, body, "application/json", CALL_MS);
  return response.json();
}

/**
 * Posts a question; calls `onWord` for every word of the answer as it comes and returns the exchange. While the question
 * waits in line `onPlace` is called with how many come first; with null when it waits no more.
 */
export async function ask(url, body, onWord, onPlace) {
  const response = await send("POST", url, body, "text/event-stream", ANSWER_MS);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read().catch(() => ({ done: true }));
    if (done) throw new Refusal(0, "offline", t("The connection broke off. Nothing you typed is lost."));
    const events = (rest + value).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      const name = event.match(/^event: (.*)$/m)?.[1];
      const data = JSON.parse(event.match(/^data: (.*)$/m)?.[1] ?? "null");
      if (name === "place") onPlace(data);
      if (name === "refused") throw new Refusal(data.status, data.code, data.message);
      if (name === "word") onWord(data);
      if (name === "exchange") return data;
    }
  }
}

/** A fresh idempotency key; `crypto.randomUUID` is missing on plain http in a local network. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// What a player has typed survives a reload: kept in this tab, one draft for each turn.

import { newKey } from "./net.js";

export class Draft {
  constructor(turnId) {
    this.name = `draft ${turnId}`;
  }

  get all() {
    return JSON.parse(sessionStorage.getItem(this.name) ?? "{}");
  }

  keep(change) {
    sessionStorage.setItem(this.name, JSON.stringify({ ...this.all, ...change }));
  }

  /** Forgets all but what the server may still be asked about. */
  done() {
    this.keep({ question: "", sent: "", key: "", correction: "", wrong: false, pasted: false, opening: false });
  }

  /** The key of this question: the same words sent again are the same question. */
  keyFor(question) {
    if (this.all.sent !== question) this.keep({ sent: question, key: newKey() });
    return this.all.key;
  }
}

// Single keys for those who play without a mouse. They can be switched off (WCAG 2.1.4), and none works in a text
// field or while a dialog is open.

const off = () => localStorage.getItem("keys") === "off";

/** `acts` maps a key (r, 1, ?) to what it does. */
export function listen(acts) {
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input[type=text], textarea, select");
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || typing || off()) return;
    if (document.querySelector("dialog[open]")) return;
    const act = acts[nameOf(event)];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

/** The letter on the key; its place on a Latin keyboard where the layout writes another script. */
function nameOf(event) {
  const latin = /^[!-~]$/.test(event.key);
  return (latin ? event.key : event.code.replace(/^(Key|Digit)/, "")).toLowerCase();
}

/** Ties a checkbox to the choice. */
export function offer(box) {
  box.checked = !off();
  box.addEventListener("change", () => localStorage.setItem("keys", box.checked ? "on" : "off"));
}

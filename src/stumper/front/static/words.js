// What scripts say, in the page's language. The page brings the translations that its scripts need (base.html).

const told = JSON.parse(document.getElementById("words")?.textContent ?? "{}");
const plurals = new Intl.PluralRules(document.documentElement.lang || "en");
// What is put in must not turn the words around it, where those run from right to left.
const [open, close] = document.documentElement.dir === "rtl" ? ["\u2068", "\u2069"] : ["", ""];

function put(text, values) {
  return text.replace(/\{(\w+)\}/g, (place, name) => (name in values ? open + values[name] + close : place));
}

/** Returns the sentence in the page's language with the values put in: `t("{n} left", { n: 3 })`. */
export function t(text, values = {}) {
  return put(told[text] ?? text, values);
}

/** Returns the form of the sentence for `n` things; `{n}` is put in too: `tn("{n} day", "{n} days", n)`. */
export function tn(one, many, n, values = {}) {
  return put(told[one]?.[plurals.select(n)] ?? (n === 1 ? one : many), { n, ...values });
}

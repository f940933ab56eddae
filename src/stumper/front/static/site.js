// What every page does: keeps an offline page at hand, and sends a choice of language or colours once it is tapped.

const worker = navigator.serviceWorker; // missing on plain http in a local network
const { lang, dataset } = document.documentElement;

if (worker) {
  worker.register("/sw.js").catch(() => {}); // a private window may forbid it: the game plays on without
  worker.ready.then(({ active }) => {
    // The page that is kept should look and speak as this one does.
    const look = `${lang} ${dataset.theme ?? "device"}`;
    if (localStorage.getItem("offline look") === look) return;
    active.postMessage("look again");
    localStorage.setItem("offline look", look);
  });
}

if (document.body.classList.contains("offline")) addEventListener("online", () => location.reload());

for (const form of document.querySelectorAll("form.choices")) {
  form.classList.add("sends-itself");
  // By keyboard every choice on the way to the right one would be sent: there the button is for that.
  form.addEventListener("keydown", () => form.classList.remove("sends-itself"));
  form.addEventListener("change", () => form.classList.contains("sends-itself") && form.requestSubmit());
}

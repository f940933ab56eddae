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

// The page shown in place of one that could not be had wakes when the server answers: "online" alone may have
// come before this script did, and says nothing of the server.
async function wake() {
  const there = await fetch("/readyz", { cache: "no-store" }).then((reply) => reply.ok, () => false);
  if (there) location.reload();
}
if (document.body.classList.contains("offline") && location.pathname !== "/offline") {
  addEventListener("online", wake);
  setInterval(wake, 3000);
}

for (const form of document.querySelectorAll("form.choices")) {
  form.classList.add("sends-itself");
  // By keyboard every choice on the way to the right one would be sent: there the button is for that.
  form.addEventListener("keydown", () => form.classList.remove("sends-itself"));
  form.addEventListener("change", () => form.classList.contains("sends-itself") && form.requestSubmit());
}

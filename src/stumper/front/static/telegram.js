// Telegram puts what it has signed behind the '#' of the address. This passes it on to our server, which
// checks it, and goes into the game; somebody new fills in the form first.

const main = document.querySelector("#main");
const data = new URLSearchParams(location.hash.slice(1)).get("tgWebAppData");
const field = document.querySelector("input[name=init_data]");

async function enter() {
  const reply = await fetch("/telegram/enter", {
    method: "POST",
    headers: { Accept: "application/json" },
    body: new URLSearchParams({ init_data: data }),
  });
  const said = await reply.json();
  if (!reply.ok) {
    document.querySelector("#why").textContent = said.error.message;
    main.dataset.state = "lost";
  } else if (said.enter) {
    location.replace(said.enter);
  } else {
    field.value = data;
    document.querySelector("#nickname").value = said.nickname;
    main.dataset.state = "form";
  }
}

if (data) {
  enter().catch(() => { main.dataset.state = "lost"; });
} else if (main.dataset.state === "waiting") {
  main.dataset.state = "lost";
}

// Boards renew themselves only while somebody looks: a page in a hidden tab asks for nothing.
document.addEventListener("htmx:before:request", (event) => {
  if (document.hidden) event.preventDefault();
});

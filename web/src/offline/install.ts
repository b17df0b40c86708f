// Registers the worker that keeps the page for offline use, and goes back. A page of its own: the
// chat's policy allows no Trusted Types at all, and a worker's address is one.
navigator.serviceWorker
  .register("/worker.js")
  .then(() => navigator.serviceWorker.ready)
  .finally(() => location.replace("/" + location.hash));

export {};

// Keeps the page's own files, so that it opens without a connection (https only). The chat itself
// is never cached: what is written waits in the page's queue.

interface Late extends Event {
  waitUntil(done: Promise<unknown>): void;
}
interface Fetching extends Late {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}

/* Put in by build.mjs. */
declare const page_files: string[];
declare const page_build: string;

const store = "hearth-" + page_build;
const patience_ms = 4000;

async function keep(): Promise<void> {
  const cache = await caches.open(store);
  await cache.addAll(page_files);
}

async function forgetOld(): Promise<void> {
  for (const name of await caches.keys()) if (name.startsWith("hearth-") && name !== store) await caches.delete(name);
}

/** The gateway's answer; or, when none comes in good time, what was kept. */
async function freshOrKept(request: Request): Promise<Response> {
  const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error("late")), patience_ms));
  try {
    return await Promise.race([fetch(request), late]);
  } catch {
    return (await caches.match("/")) ?? Response.error();
  }
}

async function keptOrFresh(request: Request): Promise<Response> {
  return (await caches.match(request)) ?? fetch(request);
}

interface Clicked extends Late {
  notification: { tag: string; close(): void };
}

/** The page that is open shows the room; without one it is opened. */
async function showRoom(room: string): Promise<void> {
  const { clients } = self as any;
  const [page] = await clients.matchAll({ type: "window" });
  if (!page) return clients.openWindow("/#" + encodeURIComponent(room));
  page.postMessage({ room });
  await page.focus();
}

addEventListener("notificationclick", (event) => {
  const { notification, waitUntil } = event as Clicked;
  notification.close();
  waitUntil.call(event, showRoom(notification.tag));
});
addEventListener("install", (event) => (event as Late).waitUntil(keep()));
addEventListener("activate", (event) => (event as Late).waitUntil(forgetOld()));
addEventListener("fetch", (event) => {
  const { request, respondWith } = event as Fetching;
  const { pathname, origin } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  const answer = respondWith.bind(event);
  const isPage = pathname !== "/install.html" && !pathname.startsWith("/files/");
  if (request.mode === "navigate" && isPage) answer(freshOrKept(request));
  else if (pathname.startsWith("/assets/")) answer(keptOrFresh(request));
});

export {};

// Fetches all later parts while nobody waits, so that losing the connection is no dead end.
import { chat } from "../app";
import { forget, recall, remember } from "../memory";
import { effect } from "../shared";
import { withLooks } from "../views/later";
import { clientName } from "./client";
import { offerClock } from "./clock";
import { askBlocked } from "./known";
import { isEmpty, movingPath } from "./move";
import { goSecure } from "./secure";

const parts = [
  () => import("./dialog"),
  () => import("./tools"),
  () => import("./person"),
  () => import("./door"),
  () => import("./bar"),
  () => import("./nowhere"),
  () => import("./sheets"),
  () => import("./complete"),
  () => import("./commands"),
  () => import("./search"),
  () => import("./settings"),
  () => import("./failed"),
  () => import("./past"),
  () => import("./invite"),
  () => import("./you"),
  () => import("./personal"),
  () => import("./elsewhere").then((part) => part.watchDrafts()),
  () => import("./notification"),
  () => import("./people"),
  () => import("./parts"),
  () => import("./silent"),
  () => import("./files").then((part) => part.begin()),
  () => import("./voice").then((part) => part.offer()),
];

const pause_ms = 50;

function idle(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof requestIdleCallback === "undefined") setTimeout(resolve, pause_ms);
    else requestIdleCallback(() => resolve(), { timeout: 2000 });
  });
}

type Parts = readonly (() => Promise<unknown>)[];

/** Gives those that did not come. */
async function fetchThose(parts: Parts): Promise<Parts> {
  const missing: (() => Promise<unknown>)[] = [];
  for (const part of parts) {
    await idle();
    await withLooks(part()).catch(() => missing.push(part));
  }
  return missing;
}

function nextConnection(): Promise<void> {
  return new Promise((resolve) => {
    let lost = false;
    const stop = effect(() => {
      const isOpen = chat.link.value.is === "open";
      if (isOpen && lost) queueMicrotask(() => (stop(), resolve()));
      lost ||= !isOpen;
    });
  });
}

export async function fetchAhead(): Promise<void> {
  remember("client", clientName()); /* said from the next hello on */
  let missing = await fetchThose(parts);
  await askBlocked().catch(() => undefined);
  await withLooks(offerClock()).catch(() => undefined);
  /* The page /trust has found out that this device trusts the gateway's certificate. */
  if (location.protocol === "http:" && recall("trusts", 0) && isEmpty()) {
    const wished = Boolean(recall("goSecure", 0));
    forget("goSecure");
    await goSecure(wished, movingPath).catch(() => undefined);
  }
  while (missing.length) {
    await nextConnection();
    missing = await fetchThose(missing);
  }
}

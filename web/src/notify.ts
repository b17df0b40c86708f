// Beyond the page: the title, and notifications where the browser allows them (https only).
import { effect, signal } from "@preact/signals";
import { chat } from "./app";
import { recallAll, remember } from "./memory";
import type { Room } from "./room";

export type Loudness = "all" | "mentions" | "none";

export const canNotify = typeof Notification !== "undefined" && isSecureContext;
/** What was chosen, by room. */
const chosen = signal(recallAll<Loudness>("loudness"));

export function loudness(room: Room): Loudness {
  return chosen.value[room.name] ?? (room.isDirect ? "all" : "mentions");
}

export function setLoudness(room: Room, loud: Loudness): void {
  remember("loudness", { ...chosen.value, [room.name]: loud });
  chosen.value = recallAll("loudness");
}

export function attentive(): boolean {
  return document.visibilityState === "visible" && document.hasFocus();
}

function title(): string {
  const heard = chat.rooms.value.filter((room) => loudness(room) !== "none");
  const count = heard.reduce((sum, room) => sum + room.unread.value, 0);
  const room = chat.current.value;
  const where = room ? (room.isDirect ? room.title : "#" + room.title) + " · " : "";
  return (count ? `(${count > 99 ? "99+" : count}) ` : "") + where + chat.serverName.value;
}

const title_ms = 200;

/** Each change of the title is a call to the browser's own process: not one for every message. */
function keepTitle(): void {
  let timer = 0;
  let text = "";
  effect(() => {
    text = title();
    timer ||= window.setTimeout(() => {
      timer = 0;
      document.title = text;
    }, title_ms);
  });
}

export function tellOutside(): void {
  keepTitle();
  chat.onMessage = (told) => {
    if (canNotify && !attentive()) void import("./lazy/notification").then(({ notify }) => notify(told), () => undefined);
  };
}

// Beyond the page: the title, and notifications where the browser allows them (https only).
import { effect, signal } from "@preact/signals";
import { chat, close, goRoom } from "./app";
import type { Told } from "./chat";
import { recallAll, remember } from "./memory";
import { mentions } from "./mention";
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
  effect(() => {
    title();
    timer ||= window.setTimeout(() => {
      timer = 0;
      document.title = title();
    }, title_ms);
  });
}

function notify({ room, from, text }: Told): void {
  if (!canNotify || attentive()) return;
  const loud = loudness(room);
  if (loud === "none" || (loud === "mentions" && !mentions(text, chat.me.value!.name))) return;
  /* Asked last: this too is a call to another process, and waits for it. */
  if (Notification.permission !== "granted") return;
  const note = new Notification(`${from} · ${room.title}`, { body: text, tag: room.name });
  note.onclick = () => {
    window.focus();
    close();
    goRoom(room);
    note.close();
  };
}

export function tellOutside(): void {
  keepTitle();
  chat.onMessage = notify;
}

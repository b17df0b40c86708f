// Beyond the page: the title, and notifications where the browser allows them (https only).
import { effect, signal } from "@preact/signals";
import { chat } from "./app";
import { recallAll } from "./memory";
import type { Room } from "./room";
import { sound } from "./settings";

export type Loudness = "all" | "mentions" | "none";

export const canNotify = typeof Notification !== "undefined" && isSecureContext;
/** What was chosen, by room. */
export const chosen = signal(recallAll<Loudness>("loudness"));

export function loudness(room: Room): Loudness {
  return chosen.value[room.name] ?? (room.isDirect ? "all" : "mentions");
}

/** Whether what is said there is shown as new: a room that may not call is quiet in the list, too. */
export function heard(room: Room): boolean {
  return loudness(room) !== "none";
}

export function attentive(): boolean {
  return document.visibilityState === "visible" && document.hasFocus();
}

/** How many messages are new, in rooms that may call. */
export function unreadHeard(): number {
  return chat.rooms.value.reduce((sum, room) => sum + (heard(room) ? room.unread.value : 0), 0);
}

function title(): string {
  const count = unreadHeard();
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
    const elsewhere = !attentive() || told.room !== chat.current.peek();
    const wanted = sound.peek() === "on" || (canNotify && !attentive());
    if (elsewhere && wanted) void import("./lazy/notification").then(({ notify }) => notify(told), () => undefined);
  };
}

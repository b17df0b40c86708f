// Beyond the page: the title, and notifications where the browser allows them (https only).
import { effect } from "@preact/signals";
import { chat } from "./app";
import { recall, remember } from "./memory";
import { mentions } from "./mention";
import type { Room } from "./room";

export type Loudness = "all" | "mentions" | "none";

export const canNotify = typeof Notification !== "undefined" && isSecureContext;

export function loudness(room: Room): Loudness {
  return recall<Record<string, Loudness>>("loudness", {})[room.name] ?? (room.isDirect ? "all" : "mentions");
}

export function setLoudness(room: Room, loud: Loudness): void {
  remember("loudness", { ...recall("loudness", {}), [room.name]: loud });
}

function wanted(room: Room, text: string): boolean {
  const loud = loudness(room);
  return loud === "all" || (loud === "mentions" && mentions(text, chat.me.value!.name));
}

export function tellOutside(): void {
  effect(() => {
    const count = chat.rooms.value.reduce(
      (sum, room) => sum + (loudness(room) === "none" ? 0 : room.unread.value),
      0,
    );
    const room = chat.current.value;
    const where = room ? (room.isDirect ? room.title : "#" + room.title) + " · " : "";
    document.title = (count ? `(${count > 99 ? "99+" : count}) ` : "") + where + chat.serverName.value;
  });
  chat.onMessage = ({ room, entry }) => {
    if (entry.type !== "message" || !canNotify || Notification.permission !== "granted") return;
    if (document.visibilityState === "visible" && document.hasFocus()) return;
    if (!wanted(room, entry.text ?? "")) return;
    const note = new Notification(`${entry.from} · ${room.title}`, { body: entry.text, tag: room.name });
    note.onclick = () => {
      window.focus();
      chat.show(room);
      note.close();
    };
  };
}

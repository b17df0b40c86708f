// Calls somebody who looks elsewhere, where the browser allows it and the room's setting wants it.
import { chat, close, goRoom } from "../app";
import type { Told } from "../chat";
import { mentions } from "../mention";
import { loudness } from "../notify";

export function notify({ room, from, text }: Told): void {
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

// Calls somebody who looks elsewhere, where the browser allows it and the room's setting wants it.
import { close, goRoom } from "../app";
import type { Told } from "../chat";
import { plainText } from "../markup";
import { loudness } from "../notify";

export function notify({ room, from, text, called }: Told): void {
  const loud = loudness(room);
  if (loud === "none" || (loud === "mentions" && !called)) return;
  /* Asked last: this too is a call to another process, and waits for it. */
  if (Notification.permission !== "granted") return;
  const note = new Notification(`${from} · ${room.title}`, { body: plainText(text), tag: room.name });
  note.onclick = () => {
    window.focus();
    close();
    goRoom(room);
    note.close();
  };
}

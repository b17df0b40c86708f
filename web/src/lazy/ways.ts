// Ways to a person and to a message.
import { chat, goRoom, pathTo } from "../app";
import type { Room } from "../room";

export function goDirect(name: string): void {
  goRoom(chat.direct(name));
}

export function linkTo(room: Room, seq = 0): string {
  return location.origin + pathTo(room) + (seq ? "/" + seq : "");
}

// How far one has read, and that one's other devices hear of it.
import type { Chat } from "./chat";
import type { Room } from "./room";

const told_after_ms = 1500;

export class Reading {
  private telling = new Set<Room>();

  constructor(private readonly chat: Chat) {}

  /** Everything that is here has been seen. */
  seen(room: Room): void {
    if (room.read >= room.cursor || room.detached.value || !room.caughtUp.value || !room.loaded.value) return;
    room.readTo(room.cursor);
    this.tellReadSoon(room);
  }

  readAll(): void {
    for (const room of this.chat.rooms.peek()) {
      if (!room.unread.peek()) continue;
      room.divider.value = -1;
      room.readTo(Math.max(room.cursor, room.last));
      this.tellReadSoon(room);
    }
  }

  tellRead(room: Room): void {
    if (room.joined.value) this.chat.connection.tell({ type: "read", room: room.name, seq: room.read });
  }

  /** While one reads along, it changes with every message. */
  private tellReadSoon(room: Room): void {
    if (this.telling.has(room)) return;
    this.telling.add(room);
    this.chat.clock.setTimeout(() => {
      this.telling.delete(room);
      this.tellRead(room);
    }, told_after_ms);
  }
}

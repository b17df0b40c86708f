// Reading a room's past: the newest page, further pages; single messages are lazy/past.ts.
import type { Chat } from "./chat";
import type { Room } from "./room";
import { Refused, type History as Page } from "./wire";

const page_rows = 60;
const refused_ms = 2000;

const past = () => import("./lazy/past");

export interface Where {
  before?: number;
  after?: number;
  limit: number;
}

export class History {
  constructor(private readonly chat: Chat) {}

  page(room: Room, where: Where): Promise<Page> {
    return this.chat.connection.request({ type: "history", room: room.name, ...where });
  }

  async newest(room: Room): Promise<void> {
    room.asks();
    try {
      const page = await this.page(room, { limit: page_rows });
      room.newestPage(page);
      for (const { nonce } of page.messages) if (nonce) this.chat.sender.found(nonce);
      const shown = room === this.chat.current.value;
      if (!shown || !room.unread.value) return;
      if (room.divider.value < 0) room.divider.value = room.read;
      this.toUnread(room);
    } catch (error) {
      room.unasks();
      if (error instanceof Refused && error.passes) {
        this.chat.clock.setTimeout(() => void this.newest(room), error.retryAfterMs ?? 1000);
      }
    }
  }

  /** What is unread may begin further up than the newest page does. */
  toUnread(room: Room): void {
    if (!room.aim && room.unread.value && room.beginsAbove) void this.jump(room, room.read + 1);
  }

  /** More of the past (or of what follows, while one is in the past). Nothing when all is here. */
  async more(room: Room, way: "before" | "after"): Promise<void> {
    const edge = room.edge(way);
    const clock = this.chat.clock;
    if (room.loading.value || !room.view.value[way] || !edge || this.chat.link.value.is !== "open") return;
    if (clock.now() < this.resume) return;
    room.asks();
    try {
      const page = await this.page(room, { [way]: edge, limit: page_rows });
      /* Something else may be shown by now: the page would leave a hole there. */
      if (room.edge(way) !== edge) room.unasks();
      else if (way === "before") room.olderPage(page);
      else room.newerPage(page);
    } catch (error) {
      this.resume = clock.now() + ((error instanceof Refused && error.retryAfterMs) || refused_ms);
      room.unasks();
    }
  }

  /** What was refused is not asked for again before (ms of the page's clock). */
  private resume = 0;

  /** Shows one message, wherever in the past it is; of several jumps the one that was asked for last. */
  async jump(room: Room, seq: number): Promise<void> {
    room.aim = seq;
    await (await past()).jump(this.chat, room, seq);
  }

  /** Reads one message again, when what was shown before it was stored turned out not to be. */
  refresh(room: Room, seq: number): void {
    past().then((part) => part.refresh(this.chat, room, seq), () => undefined);
  }

  /** Fetches what a reply answers, from further up than is shown. */
  quote(room: Room, seq: number): Promise<void> {
    return past().then((part) => part.quote(this.chat, room, seq), () => undefined);
  }
}

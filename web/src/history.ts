// Reading a room's past: the newest page, further pages, the messages around one, a single one.
import type { Chat } from "./chat";
import type { Room } from "./room";
import { Refused, type History as Page, type HistoryLine } from "./wire";

export const page_rows = 60;

export interface Where {
  before?: number;
  after?: number;
  limit: number;
}

export class History {
  constructor(private readonly chat: Chat) {}

  page(room: Room, where: Where): Promise<Page> {
    return this.chat.connection.request<Page>({ type: "history", room: room.name, ...where });
  }

  async newest(room: Room): Promise<void> {
    room.asks();
    try {
      room.newestPage(await this.page(room, { limit: page_rows }));
      const shown = room === this.chat.current.value;
      if (shown && room.divider.value < 0 && room.unread.value) room.divider.value = room.read;
    } catch (error) {
      room.unasks();
      if (error instanceof Refused && error.passes) {
        this.chat.clock.setTimeout(() => void this.newest(room), error.retryAfterMs ?? 1000);
      }
    }
  }

  /** More of the past (or of what follows, while one is in the past). Nothing when all is here. */
  async more(room: Room, way: "before" | "after"): Promise<void> {
    const edge = room.edge(way);
    if (room.loading.value || !room.view.value[way] || !edge || this.chat.link.value.is !== "open") return;
    room.asks();
    try {
      const page = await this.page(room, { [way]: edge, limit: page_rows });
      /* Something else may be shown by now: the page would leave a hole there. */
      if (room.edge(way) !== edge) room.unasks();
      else if (way === "before") room.olderPage(page);
      else room.newerPage(page);
    } catch {
      room.unasks();
    }
  }

  /** Shows one message, wherever in the past it is. */
  async jump(room: Room, seq: number): Promise<void> {
    if (room.row(seq) && !room.island.value) {
      room.target.value = seq;
      return;
    }
    room.asks();
    room.asks();
    try {
      const [older, newer] = await Promise.all([
        this.page(room, { before: seq + 1, limit: page_rows / 2 }),
        this.page(room, { after: seq, limit: page_rows / 2 }),
      ]);
      room.islandAround(older, newer, seq);
    } catch {
      room.unasks();
      room.unasks();
    }
  }

  /** Reads one message again, when what was pretended turned out not to be. */
  async refresh(room: Room, seq: number): Promise<void> {
    const line = await this.one(room, seq).catch(() => undefined);
    if (line) room.correct(line);
  }

  /** Fetches what a reply answers, from further up than is shown. One at a time: a lively room has
   * many, and what a reader may ask for at once is limited. */
  quote(room: Room, seq: number): void {
    this.quoting = this.quoting.then(() => this.quoteOne(room, seq));
  }

  private quoting = Promise.resolve();

  private async quoteOne(room: Room, seq: number): Promise<void> {
    if (room.row(seq) || room.quotes.value.has(seq)) return;
    try {
      const line = await this.one(room, seq);
      if (line) room.quoted(line);
    } catch (error) {
      const again = error instanceof Refused && error.passes;
      if (again) this.chat.clock.setTimeout(() => this.quote(room, seq), error.retryAfterMs ?? 1000);
    }
  }

  private async one(room: Room, seq: number): Promise<HistoryLine | undefined> {
    const page = await this.page(room, { after: seq - 1, limit: 1 });
    return page.messages.find((line) => line.seq === seq);
  }
}

// Sends what is in the outbox: in order, one at a time in each room, until it is known to be stored.
import { signal } from "@preact/signals";
import type { Chat } from "./chat";
import { newNonce, type Outgoing, type OutboxStore } from "./outbox";
import type { Room } from "./room";
import type { DeleteRequest, DirectRequest, EditRequest, ReactRequest, SendRequest } from "./protocol.gen";
import { Refused } from "./wire";

export type Draft = Omit<Outgoing, "nonce" | "user" | "at">;

export class Sender {
  /** In the order they were said. */
  readonly items = signal<readonly Outgoing[]>([]);
  private sending = new Set<string>();
  /** Sent on this connection: only an ack settles them, not merely being seen in the log. */
  private asked = new Set<string>();
  /** Of those, what the log has shown already: settled by the ack, or by losing the connection. */
  private seen = new Set<string>();
  /** Other tabs of this browser: who is told what is said and what is stored. */
  private tabs: BroadcastChannel | null = null;

  constructor(
    private readonly chat: Chat,
    private readonly store: OutboxStore,
  ) {}

  async load(): Promise<void> {
    const kept = await this.store.all().catch(() => []);
    const known = new Set(this.items.value.map((item) => item.nonce));
    const items = [...kept.filter((item) => !known.has(item.nonce)), ...this.items.value];
    this.items.value = items.sort((a, b) => a.at - b.at);
    this.flushAll();
  }

  /** Lets two tabs agree: what one says the other shows; each item is stored once by its nonce. */
  share(tabs: BroadcastChannel): void {
    this.tabs = tabs;
    tabs.onmessage = ({ data }: { data: { put?: Outgoing; gone?: string } }) => {
      if (data.gone) this.drop(data.gone);
      if (data.put) this.heard(data.put);
    };
  }

  private heard(item: Outgoing): void {
    this.replace(item);
    /* The tab that said it sends it; this one only if that tab has gone. The nonce makes both safe. */
    this.asked.add(item.nonce);
    this.chat.clock.setTimeout(() => {
      this.asked.delete(item.nonce);
      this.flush(item.room);
    }, 5000);
  }

  private replace(item: Outgoing): void {
    const others = this.items.value.filter((one) => one.nonce !== item.nonce);
    this.items.value = [...others, item].sort((a, b) => a.at - b.at);
  }

  put(item: Outgoing): Promise<void> {
    this.replace(item);
    this.tabs?.postMessage({ put: item });
    return this.store.put(item).catch(() => undefined);
  }

  private drop(nonce: string): void {
    this.items.value = this.items.value.filter((item) => item.nonce !== nonce);
    this.asked.delete(nonce);
    this.seen.delete(nonce);
  }

  settle(nonce: string): void {
    this.drop(nonce);
    this.tabs?.postMessage({ gone: nonce });
    void this.store.remove(nonce).catch(() => undefined);
  }

  /** Done when it is kept. */
  say(draft: Draft): Promise<void> {
    const newest = this.items.value[this.items.value.length - 1]?.at ?? 0;
    const at = Math.max(Date.now(), newest + 1);
    const kept = this.put({ ...draft, nonce: newNonce(), user: this.chat.me.value!.name, at });
    this.flush(draft.room);
    return kept;
  }

  /** Asked for, so it may lead into a room that one is not in. */
  again(item: Outgoing): void {
    const room = this.chat.roomOf(item.room);
    this.put({ ...item, failed: undefined, tried: false });
    room.wanted = true;
    this.flush(room.name);
  }

  /** The room has another name, and what waits goes there. */
  moved(from: string, to: string): void {
    for (const item of this.items.value) if (item.room === from) void this.put({ ...item, room: to });
  }

  giveUp(item: Outgoing): void {
    this.settle(item.nonce);
  }

  /** Seen in the log: what an earlier connection sent, and got no ack for, is stored. */
  found(nonce: string): void {
    if (!this.items.value.some((item) => item.nonce === nonce)) return;
    if (this.asked.has(nonce)) this.seen.add(nonce);
    else this.settle(nonce);
  }

  linkLost(): void {
    this.sending.clear();
    this.asked.clear();
    for (const nonce of this.seen) this.settle(nonce);
  }

  /** From where the log has to be read to learn whether earlier attempts were stored. */
  cursorFor(room: string): { after: number; log: string } | null {
    const tried = this.items.value.filter((item) => item.room === room && item.tried && item.log);
    if (!tried.length) return null;
    return { after: Math.min(...tried.map((item) => item.after!)), log: tried[0]!.log! };
  }

  flushAll(): void {
    for (const room of new Set(this.items.value.map((item) => item.room))) this.flush(room);
  }

  flush(name: string): void {
    if (this.items.value.some(needsUpload)) upload().then((part) => part.upload(this.chat), () => undefined);
    if (this.chat.link.value.is !== "open" || this.sending.has(name)) return;
    const me = this.chat.me.value?.name;
    const item = this.items.value.find(
      (one) => one.room === name && one.user === me && !one.failed && !needsUpload(one) && !this.asked.has(one.nonce),
    );
    if (!item) return;
    const room = this.chat.roomOf(name);
    if (!room.caughtUp.value && !(item.kind === "direct" && !room.joined.value)) {
      if (!room.joined.value) this.enter(room);
      return;
    }
    if (room.quietUntil.value > this.chat.clock.now()) return;
    void this.send(item);
  }

  /** Only what is said in a room that one is in, or wants to be in, may lead into it. */
  private enter(room: Room): void {
    if (room.wanted) void this.chat.membership.join(room);
    else this.refuseAll(room.name, new Refused("left", ""));
  }

  private async send(item: Outgoing): Promise<void> {
    const { room: name } = item;
    const life = this.chat.connection.life;
    this.sending.add(name);
    this.asked.add(item.nonce);
    try {
      const ack = await this.chat.connection.request(requestOf(item.tried ? item : this.markTried(item)));
      this.settle(item.nonce);
      this.chat.stored(item, ack.room, ack.seq, ack.ts);
    } catch (error) {
      if (error instanceof Refused) this.refused(item, error);
    }
    if (life !== this.chat.connection.life) return;
    this.asked.delete(item.nonce);
    this.sending.delete(name);
    this.flush(name);
  }

  private markTried(item: Outgoing): Outgoing {
    const room = this.chat.roomOf(item.room);
    const tried = { ...item, tried: true, after: room.cursor, log: room.log };
    this.replace(tried);
    void this.store.put(tried).catch(() => undefined);
    return tried;
  }

  /** Nothing of this can be sent any more. True when there is something unsent to show. */
  refuseAll(room: string, error: Refused): boolean {
    const items = this.items.value.filter((item) => item.room === room && item.user === this.chat.me.value?.name);
    for (const item of items) if (!item.failed) this.refused(item, error);
    return items.some((item) => isText(item));
  }

  private refused(item: Outgoing, error: Refused): void {
    const room = this.chat.roomOf(item.room);
    if (error.passes) {
      const ms = Math.max(200, error.retryAfterMs ?? 2000);
      room.quietUntil.value = this.chat.clock.now() + ms;
      if (room.slowSeconds) room.slow(ms);
      this.chat.clock.setTimeout(() => this.flush(item.room), ms + 5);
      return;
    }
    if (error.code === "not_joined") {
      room.leftBehind();
      this.enter(room);
      return;
    }
    if (error.field === "files" && item.files) {
      upload().then((part) => part.uploadAgain(this.chat, item), () => undefined);
      return;
    }
    if (isText(item)) {
      this.put({ ...item, failed: { code: error.code, message: error.message } });
      return;
    }
    this.settle(item.nonce);
    this.chat.say({ key: "refused", room: item.room, error });
    this.chat.history.refresh(room, item.target!);
  }
}

const upload = () => import("./lazy/files");

/** Its files are not all on the gateway; what is said after it does not wait for them. */
function needsUpload({ files, failed }: Outgoing): boolean {
  return !failed && !!files?.some((file) => !file.id);
}

export function isText(item: Outgoing): boolean {
  return item.kind === "send" || item.kind === "direct";
}

type Said = SendRequest | EditRequest | DeleteRequest | ReactRequest | DirectRequest;

/** What an item holds depends on its kind: what is undefined is not sent. A repeat is told from there on
 * where the log stood at the first attempt. */
function requestOf({ kind: type, room, nonce, text, reply_to, files: own, target, emoji, on, to, log, after }: Outgoing): Said {
  const since = log ? { log, since: after } : {};
  const files = own?.map(({ id, preview, alt }) => ({ id, preview, alt }));
  return { type, room, to, text, reply_to, files, target, emoji, on, nonce, ...since } as Said;
}

// A gateway of one room log in plain arrays: commits, then tells; recognises nonces; can be told to
// swallow acks, as a connection does that dies at the wrong moment.
import type { Clock, FakeSocket } from "./clock";

export class Gateway {
  log: any[] = [];
  id = "log-1";
  name = "lobby";
  seq = 0;
  joined = new Set<FakeSocket>();
  users = new Map<FakeSocket, string>();
  /** The next so many sends are stored, but nobody hears of the ack. */
  swallow = 0;
  refuse: { code: string; retry?: number } | null = null;
  requests: any[] = [];
  /** The room has been removed. */
  gone = false;
  role = "guest";
  /** What else join tells: slow_ms, muted_ms, speak. */
  rules: object = {};
  /** Other rooms, in which nobody says anything. */
  others: string[] = [];
  /** Reads are refused. */
  crowded = false;

  constructor(private readonly clock: Clock) {}

  /** The newest socket of the clock reaches this gateway. */
  accept(): void {
    const socket = this.clock.socket;
    socket.answer = (frame, from) => this.handle(frame, from);
    socket.onopen?.();
  }

  drop(): void {
    const socket = this.clock.socket;
    this.joined.delete(socket);
    socket.end();
  }

  append(entry: any): any {
    entry = { room: this.name, seq: ++this.seq, ts: 1000 + this.seq, ...entry };
    this.log.push(entry);
    for (const socket of this.joined) socket.tell(entry);
    return entry;
  }

  say(from: string, text: string): any {
    return this.append({ type: "message", from, text });
  }

  private applied(): any[] {
    return this.log.filter((entry) => entry.type === "message").map((message) => {
      const edit = this.log.filter((entry) => entry.type === "edit" && entry.target === message.seq).pop();
      return edit ? { ...message, text: edit.text, edited: edit.seq } : message;
    });
  }

  private handle(frame: any, socket: FakeSocket): void {
    this.requests.push(frame);
    const reply = (answer: object) => socket.tell({ ...answer, ref: frame.ref });
    switch (frame.type) {
      case "hello": {
        const name = frame.session ? frame.session.slice(4) : frame.name;
        this.users.set(socket, name);
        const line = { topic: "", members: 1, last: 0, joined: false, role: this.role, visibility: "public", read: 0, seen: false, unread: 0, mentioned: 0 };
        const rooms = [{ ...line, name: this.name, last: this.seq }, ...this.others.map((name) => ({ ...line, name }))];
        return reply({ type: "welcome", user: { name, account: false, role: "guest" }, session: "key-" + name, server: { name: "h", version: "0" }, time: 0, first_room: this.name, may_create: true, limits: { text_bytes: 4096, text_characters: 2000 }, rooms: this.gone ? [] : rooms });
      }
      case "ping":
        return reply({ type: "pong", time: 0 });
      case "join":
        return this.join(frame, socket, reply);
      case "history": {
        if (this.crowded) return reply({ type: "error", error_code: "storage_unavailable", message: "", retry_after_ms: 2000 });
        let found = this.applied();
        if (frame.before) found = found.filter((message) => message.seq < frame.before);
        if (frame.after !== undefined) found = found.filter((message) => message.seq > frame.after);
        const page = frame.after !== undefined ? found.slice(0, frame.limit) : found.slice(-frame.limit);
        return reply({ type: "history", room: this.name, messages: page, more: page.length < found.length });
      }
      case "send":
        return this.send(frame, socket, reply);
      default:
        if (frame.ref !== undefined) reply({ type: "ok" });
    }
  }

  private join(frame: any, socket: FakeSocket, reply: (answer: object) => void): void {
    const { room } = frame;
    if (this.others.includes(room)) {
      reply({ type: "joined", room, topic: "", role: this.role, log: "log-" + room, first: 1, last: 0, read: 0, members: 1 });
      return socket.tell({ type: "live", room, seq: 0 });
    }
    if (this.gone) return reply({ type: "error", error_code: "room_not_found", message: "" });
    const reset = frame.log !== undefined && frame.log !== this.id;
    const after = reset || frame.after === undefined ? this.seq - Math.min(this.seq, frame.history ?? 50) : frame.after;
    reply({ type: "joined", room: this.name, topic: "", role: this.role, log: this.id, first: 1, last: this.seq, read: 0, members: 1, reset, pruned: false, ...this.rules });
    for (const entry of this.log) if (entry.seq > after) socket.tell(entry);
    socket.tell({ type: "live", room: this.name, seq: this.seq });
    this.joined.add(socket);
  }

  private send(frame: any, socket: FakeSocket, reply: (answer: object) => void): void {
    if (this.refuse) {
      const { code, retry } = this.refuse;
      return reply({ type: "error", error_code: code, message: code, ...(retry ? { retry_after_ms: retry } : {}) });
    }
    const from = this.users.get(socket)!;
    const known = this.log.find((entry) => entry.nonce === frame.nonce && entry.from === from);
    if (this.swallow > 0) {
      this.swallow--;
      this.joined.delete(socket);
      if (!known) this.append({ type: "message", from, text: frame.text, nonce: frame.nonce });
      return;
    }
    const entry = known ?? this.append({ type: "message", from, text: frame.text, nonce: frame.nonce, files: frame.files });
    reply({ type: "ack", room: this.name, seq: entry.seq, ts: entry.ts, nonce: frame.nonce });
  }

  texts(): string[] {
    return this.log.filter((entry) => entry.type === "message").map((entry) => entry.text);
  }
}

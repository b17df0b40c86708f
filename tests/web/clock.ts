// A clock that is moved by hand, and sockets of plain arrays.
import "./webcrypto";
import type { Socket, Surroundings } from "../../web/src/connection";

let travelling = 0;
let arrival: Promise<void> = Promise.resolve();

export class FakeSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  sent: any[] = [];
  closed = false;
  /** What the gateway does with a frame, if anything. */
  answer: (frame: any, socket: FakeSocket) => void = () => undefined;

  send(text: string): void {
    const frame = JSON.parse(text);
    this.sent.push(frame);
    this.answer(frame, this);
  }
  close(): void {
    this.closed = true;
  }
  /** Each frame comes in a turn of its own, as from a real socket. */
  tell(frame: object): void {
    const data = JSON.stringify(frame);
    travelling++;
    arrival = arrival.then(() => new Promise((resolve) => setImmediate(() => {
      travelling--;
      this.onmessage?.({ data });
      resolve();
    })));
  }
  end(code = 1006): void {
    this.onclose?.({ code, reason: "" });
  }
  frames(type: string): any[] {
    return this.sent.filter((frame) => frame.type === type);
  }
}

export class Clock implements Surroundings {
  time = 0;
  chance = 0.5;
  sockets: FakeSocket[] = [];
  /** Whether the network is there at all. */
  blocked = false;
  private timers = new Map<number, { at: number; call: () => void }>();
  private next = 1;

  open(): Socket {
    if (this.blocked) throw new Error("blocked");
    const socket = new FakeSocket();
    this.sockets.push(socket);
    return socket;
  }
  get socket(): FakeSocket {
    return this.sockets[this.sockets.length - 1]!;
  }
  now(): number {
    return this.time;
  }
  random(): number {
    return this.chance;
  }
  setTimeout(call: () => void, ms: number): number {
    this.timers.set(this.next, { at: this.time + ms, call });
    return this.next++;
  }
  clearTimeout(timer: number): void {
    this.timers.delete(timer);
  }

  /** Time passes; timers go off in their order, promises settle in between. */
  async pass(ms: number): Promise<void> {
    const end = this.time + ms;
    for (;;) {
      await settle();
      const due = [...this.timers].filter(([, timer]) => timer.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      this.timers.delete(due[0]);
      this.time = Math.max(this.time, due[1].at);
      due[1].call();
    }
    this.time = end;
    await settle();
  }
}

/** Until nothing travels any more and every promise has had its turn. */
export async function settle(): Promise<void> {
  do await new Promise((resolve) => setImmediate(resolve));
  while (travelling);
  await new Promise((resolve) => setImmediate(resolve));
  if (travelling) await settle();
}

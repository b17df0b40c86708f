// One connection to the gateway that is always being mended: hello, requests and their answers by
// ref, heartbeat, backoff. Knows no DOM: sockets, clock and chance come from outside.
import { Lost, Refused, type Answers, type Frame, type Request, type Welcome } from "./wire";

export interface Socket {
  /** More rooms cannot be followed over it. */
  roomsMax?: number;
  send(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: string }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
}

export interface Surroundings {
  open(): Socket;
  now(): number;
  random(): number;
  setTimeout(call: () => void, ms: number): number;
  clearTimeout(timer: number): void;
}

export type Link =
  | { is: "stopped" }
  | { is: "connecting"; attempt: number }
  | { is: "open" }
  | { is: "waiting"; attempt: number; until: number };

interface Listener {
  hello(): Request;
  link(link: Link): void;
  welcome(frame: Welcome): void;
  /** hello was refused: nothing will be tried until start(). */
  refused(error: Refused): void;
  /** Whether being put out is the end of it: one waited to be let in. */
  stays(): boolean;
  frame(frame: Frame): void;
  roundTrip(ms: number): void;
}

const opening_ms = 8000;
const idle_ms = 15000;
const silent_ms = 6000;
const probe_ms = 3000;
const backoff_first_ms = 200;
const backoff_max_ms = 5000;
const close_unauthorised = 4001;
const close_put_out = 4003;
const close_abuse = 4008;

interface Waiting {
  resolve(frame: Frame): void;
  reject(error: Error): void;
}

export class Connection {
  link: Link = { is: "stopped" };
  /** Rises with every welcome: tells one life of the connection from the next. */
  life = 0;
  /** What the gateway said when it last put one out. */
  farewell = "";
  private socket: Socket | null = null;
  private waiting = new Map<number, Waiting>();
  private ref = 0;
  private attempt = 0;
  private heard = 0;
  private timer = 0;
  private beat = 0;

  constructor(
    private readonly around: Surroundings,
    private readonly listener: Listener,
  ) {}

  /** How many rooms can be followed. */
  get roomsMax(): number {
    return this.socket?.roomsMax ?? Infinity;
  }

  start(): void {
    if (this.link.is === "stopped") this.retryNow();
  }

  stop(): void {
    this.forget();
    this.become({ is: "stopped" });
  }

  /** The network may be back, or somebody asks: try at once. */
  retryNow(): void {
    this.attempt = 0;
    this.connect();
  }

  /** The page woke up: is the connection still there? */
  probe(): void {
    if (this.link.is === "waiting") this.retryNow();
    else if (this.link.is === "open") this.ping(probe_ms);
  }

  /** Resolves with the reply; rejects with Refused or Lost. */
  request<R extends Request>(request: R): Promise<Answers[R["type"]]> {
    if (this.link.is !== "open") return Promise.reject(new Lost());
    return this.ask(request);
  }

  /** Says something that needs no answer; lost when there is no connection. */
  tell(request: Request): void {
    if (this.link.is === "open") this.socket?.send(JSON.stringify(request));
  }

  private ask<R extends Request>(request: R): Promise<Answers[R["type"]]> {
    const ref = ++this.ref;
    return new Promise((resolve, reject) => {
      this.waiting.set(ref, { resolve: resolve as (frame: Frame) => void, reject });
      this.socket!.send(JSON.stringify({ ...request, ref }));
    });
  }

  private become(link: Link): void {
    this.link = link;
    this.listener.link(link);
  }

  private later(ms: number, call: () => void): void {
    this.around.clearTimeout(this.timer);
    this.timer = this.around.setTimeout(call, ms);
  }

  private connect(): void {
    this.forget();
    this.attempt++;
    this.become({ is: "connecting", attempt: this.attempt });
    let socket: Socket;
    try {
      socket = this.around.open();
    } catch {
      this.wait(0);
      return;
    }
    this.socket = socket;
    socket.onopen = () => this.opened();
    socket.onmessage = (event) => this.received(event.data);
    socket.onclose = (event) => this.closed(event.code, event.reason);
    this.later(opening_ms, () => this.closed(0, ""));
  }

  private opened(): void {
    this.ask(this.listener.hello()).then(
      (frame) => this.welcomed(frame as Welcome),
      (error) => this.notWelcome(error),
    );
  }

  private welcomed(frame: Welcome): void {
    this.attempt = 0;
    this.life++;
    this.later(idle_ms, () => this.idle());
    this.become({ is: "open" });
    this.listener.welcome(frame);
    this.ping(silent_ms);
  }

  private notWelcome(error: Error): void {
    if (!(error instanceof Refused)) return;
    if (error.passes) {
      this.wait(error.retryAfterMs ?? 0);
      return;
    }
    this.stop();
    this.listener.refused(error);
  }

  private received(data: string): void {
    this.heard = this.around.now();
    let frame: Frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return;
    }
    const waiting = typeof frame.ref === "number" ? this.waiting.get(frame.ref) : undefined;
    if (!waiting) {
      if (frame.type !== "error") this.listener.frame(frame);
      return;
    }
    this.waiting.delete(frame.ref as number);
    if (frame.type === "error") {
      waiting.reject(new Refused(frame.error_code, frame.message, frame.field, frame.retry_after_ms));
    } else {
      waiting.resolve(frame);
    }
  }

  private closed(code: number, reason: string): void {
    if (code === close_put_out) this.farewell = reason;
    const unknown = code === close_unauthorised && this.link.is === "connecting";
    if (unknown || (code === close_put_out && this.listener.stays())) {
      this.stop();
      this.listener.refused(new Refused(unknown ? "unauthorized" : "forbidden", reason));
      return;
    }
    this.wait(code === close_abuse ? 10000 : 0);
  }

  /** Backoff with jitter: 0.2 s doubling to 5 s, each between a half and the whole. */
  private wait(least_ms: number): void {
    this.forget();
    const whole = Math.min(backoff_max_ms, backoff_first_ms * 2 ** Math.min(this.attempt, 10));
    const ms = Math.max(least_ms, whole * (0.5 + this.around.random() / 2));
    this.become({ is: "waiting", attempt: this.attempt, until: this.around.now() + ms });
    this.later(ms, () => this.connect());
  }

  /** Lets go of the socket; whoever waits for an answer is told. */
  private forget(): void {
    this.around.clearTimeout(this.timer);
    this.around.clearTimeout(this.beat);
    this.beat = 0;
    const socket = this.socket;
    this.socket = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    const waiting = [...this.waiting.values()];
    this.waiting.clear();
    for (const one of waiting) one.reject(new Lost());
  }

  private idle(): void {
    this.later(idle_ms, () => this.idle());
    this.ping(silent_ms);
  }

  /** Anything heard within limit_ms is a sign of life; nothing is the end of this socket. */
  private ping(limit_ms: number): void {
    if (this.beat || this.link.is !== "open") return;
    const asked = this.around.now();
    this.beat = this.around.setTimeout(() => this.unanswered(asked), limit_ms);
    this.ask({ type: "ping" }).then(
      () => {
        this.around.clearTimeout(this.beat);
        this.beat = 0;
        this.listener.roundTrip(this.around.now() - asked);
      },
      () => undefined,
    );
  }

  private unanswered(asked: number): void {
    this.beat = 0;
    if (this.heard > asked) this.ping(silent_ms);
    else this.wait(0);
  }
}

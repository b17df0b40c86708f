// The chat where WebSocket is blocked: requests by POST, the logs of all rooms in one event stream, which
// begins anew, from where it had got to, when a room comes or goes. Looks like a socket to connection.ts.
import { chat } from "../app";
import type { Frame } from "../wire";
import { eventReader } from "./event-reader";

/** As many rooms as one stream takes. */
const rooms_max = 8;

interface Carried {
  send(text: string): void;
  close(): void;
}

interface Ends {
  message(frame: Frame): void;
  closed(): void;
}

export function carry(ends: Ends): Carried {
  /** Each room that is listened to, and its log once that is known. */
  const rooms = new Map<string, string | undefined>();
  /** How far each log has been told. */
  const cursors = new Map<string, string>();
  let stream = new AbortController();
  const stop = new AbortController();
  let key = "";
  /** Frames go out one after another: a later one may rest on an earlier one's effect. */
  let last: Promise<void> = Promise.resolve();
  let closed = false;

  const fail = () => {
    if (closed) return;
    close();
    ends.closed();
  };
  const headers = (more: Record<string, string>) => (key ? { ...more, Authorization: "Bearer " + key } : more);

  async function ask(frame: Frame): Promise<void> {
    const { ref } = frame;
    /* Some requests are answered only when they have a ref, and a POST waits for its answer. */
    const request = { ...frame, ref: ref ?? 0 };
    const reply = await fetch("/api/v1/do", {
      method: "POST",
      headers: headers({ "Content-Type": "application/json" }),
      body: JSON.stringify(request),
      signal: stop.signal,
    });
    const answer = (await reply.json()) as Frame;
    if (answer.type === "welcome") key = answer.session;
    if (ref !== undefined) ends.message({ ...answer, type: answer.error_code ? "error" : answer.type, ref });
  }

  /** The room that was entered first is heard no more; the one that is looked at stays. */
  function makePlace(): void {
    const shown = chat.current.peek()?.name;
    const first = [...rooms.keys()].find((name) => name !== shown);
    if (rooms.size < rooms_max || first === undefined) return;
    rooms.delete(first);
    chat.roomOf(first).leftBehind();
  }

  function ids(): Record<string, string> {
    const known = [...rooms.values()].filter((log) => log && cursors.has(log));
    return known.length ? { "Last-Event-ID": known.map((log) => `${log}.${cursors.get(log!)}`).join(",") } : {};
  }

  /** The answer to a stream of all rooms, which takes the place of the one before. */
  async function begin(history?: number): Promise<Response | undefined> {
    stream.abort();
    stream = new AbortController();
    if (!rooms.size) return undefined;
    const where = new URLSearchParams([...rooms.keys()].map((name) => ["room", name]));
    if (history !== undefined) where.set("history", String(history));
    const accept = { Accept: "text/event-stream", ...ids() };
    return fetch(`/api/v1/stream?${where}`, { headers: headers(accept), signal: stream.signal });
  }

  async function listen(frame: Frame): Promise<void> {
    const { room, ref, log, after } = frame;
    rooms.delete(room);
    makePlace();
    rooms.set(room, log);
    if (log) cursors.delete(log);
    if (log && after !== undefined) cursors.set(log, String(after));
    const reply = await begin(frame.history);
    if (reply?.ok && reply.body) {
      void read(reply.body, frame);
      return;
    }
    const why = (await reply!.json()) as Frame;
    rooms.delete(room);
    ends.message({ ...why, type: "error", ref });
    await goOn();
  }

  /** Without a room, or after one could not be entered: the others as they were. */
  async function goOn(): Promise<void> {
    const reply = await begin();
    if (reply?.ok && reply.body) void read(reply.body);
    else if (reply) fail();
  }

  /** As a socket does: whoever waits for "joined" has heard it before what follows is told. The other rooms
   * are joined and live already; of the one that is new a cursor may not have been asked for. */
  async function tell(frame: Frame, joining?: Frame): Promise<void> {
    if (frame.type === "joined") {
      if (joining && !rooms.has(frame.room)) {
        rooms.delete(joining.room); /* asked for by the name as somebody wrote it */
        joining.room = frame.room;
      }
      rooms.set(frame.room, frame.log);
    }
    if (frame.type === "kicked") rooms.delete(frame.room);
    const isAgain = frame.room !== joining?.room;
    if (isAgain && (frame.type === "joined" || frame.type === "live")) return;
    if (frame.type !== "joined") return ends.message(frame);
    ends.message({ ...frame, ref: joining!.ref, reset: frame.reset && joining!.after !== undefined });
    await new Promise((resolve) => setTimeout(resolve));
  }

  /** "LOG.SEQ,LOG.SEQ" */
  function keep(id: string): void {
    for (const cursor of id.split(",")) {
      const [log, seq] = cursor.split(".");
      if (log && seq) cursors.set(log, seq);
    }
  }

  async function read(body: ReadableStream<Uint8Array>, joining?: Frame): Promise<void> {
    const here = stream.signal;
    const text = new TextDecoder();
    const events: [Frame, string][] = [];
    const take = eventReader((data, id) => events.push([JSON.parse(data) as Frame, id]));
    try {
      const reader = body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        take(text.decode(value, { stream: true }));
        for (const [frame, id] of events.splice(0)) {
          if (here.aborted) return; /* the next stream tells it */
          keep(id);
          await tell(frame, joining);
        }
      }
    } catch {
      /* told below */
    }
    if (!here.aborted) fail();
  }

  async function leave(frame: Frame): Promise<void> {
    rooms.delete(frame.room);
    ends.message({ type: "left", room: frame.room, ref: frame.ref });
    await goOn();
  }

  function close(): void {
    closed = true;
    stop.abort();
    stream.abort();
  }

  return {
    send(text) {
      const frame = JSON.parse(text) as Frame;
      const act = frame.type === "join" ? listen : frame.type === "leave" ? leave : ask;
      const turn = last.then(() => (closed ? undefined : act(frame)));
      last = turn.catch(fail);
    },
    close,
  };
}

// The chat where WebSocket is blocked: requests by POST, the logs of all rooms in one event stream, which
// begins anew, from where it had got to, when a room comes or goes. Looks like a socket to connection.ts.
import { chat } from "../app";
import { fold } from "../mention";
import type { Frame } from "../wire";
import { eventReader } from "./event-reader";

/** As many rooms as one stream takes. */
export const rooms_max = 8;

interface Carried {
  send(text: string): void;
  close(): void;
}

interface Ends {
  message(frame: Frame): void;
  closed(): void;
}

/** A room that is listened to. A stream may give way to the next one before it has told all that begins a room. */
interface Place {
  log?: string;
  /** Asked for, and not answered by a "joined" yet. */
  join?: Frame;
  live?: boolean;
}

export function carry(ends: Ends): Carried {
  const rooms = new Map<string, Place>();
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
    if (rooms.size < rooms_max) return;
    const shown = chat.current.peek()?.name;
    const first = [...rooms.keys()].find((name) => name !== shown);
    if (first === undefined) return;
    rooms.delete(first);
    chat.roomOf(first).leftBehind();
  }

  function ids(): Record<string, string> {
    const known = [...rooms.values()].flatMap(({ log }) => (log && cursors.has(log) ? [`${log}.${cursors.get(log)}`] : []));
    return known.length ? { "Last-Event-ID": known.join(",") } : {};
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
    rooms.set(room, { log, join: frame });
    if (log) cursors.delete(log);
    if (log && after !== undefined) cursors.set(log, String(after));
    const reply = await begin(frame.history);
    if (reply?.ok && reply.body) {
      void read(reply.body);
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

  /** Which room this is. It may wait under the name as somebody wrote it, or as it was called before. */
  function placeOf(name: string): Place {
    const waiting = [...rooms].filter(([, { join }]) => join);
    const known = rooms.get(name);
    const written = waiting.find(([asked]) => fold(asked) === fold(name)) ?? (known ? undefined : waiting[0]);
    if (!written) return known ?? {};
    rooms.delete(written[0]);
    rooms.set(name, written[1]);
    return written[1];
  }

  /** As a socket does: whoever waits for "joined" has heard it before what follows is told. A stream begins with
   * both for each of its rooms, also for those that have heard it from the one before. */
  async function tell(frame: Frame): Promise<void> {
    if (frame.type === "joined") return joined(frame, placeOf(frame.room));
    if (frame.type === "kicked") rooms.delete(frame.room);
    /* By its new name it is joined anew. */
    if (frame.type === "room") rooms.delete(frame.change === "removed" ? frame.name : frame.was);
    if (frame.type === "live") {
      const place = placeOf(frame.room);
      if (place.live) return;
      place.live = true;
    }
    ends.message(frame);
  }

  async function joined(frame: Frame, place: Place): Promise<void> {
    const { join } = place;
    place.log = frame.log;
    if (!join) return;
    place.join = undefined;
    /* Without older entries it goes on from here. */
    if (join.history === 0 && !frame.reset) cursors.set(frame.log, String(frame.last));
    ends.message({ ...frame, ref: join.ref, reset: frame.reset && join.after !== undefined });
    await new Promise((resolve) => setTimeout(resolve));
  }

  /** "LOG.SEQ,LOG.SEQ" */
  function keep(id: string): void {
    for (const cursor of id.split(",")) {
      const [log, seq] = cursor.split(".");
      if (log && seq) cursors.set(log, seq);
    }
  }

  async function read(body: ReadableStream<Uint8Array>): Promise<void> {
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
          await tell(frame);
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

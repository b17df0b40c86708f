// The chat where WebSocket is blocked: requests by POST, each room's log as an event stream. Looks
// like a socket to connection.ts.
import { chat } from "../app";
import type { Frame } from "../wire";
import { eventReader } from "./event-reader";

/** Browsers allow six connections to one host, all tabs and requests together. */
const streams_max = 3;

interface Carried {
  send(text: string): void;
  close(): void;
}

interface Ends {
  message(frame: Frame): void;
  closed(): void;
}

export function carry(ends: Ends): Carried {
  const rooms = new Map<string, AbortController>();
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
    if (rooms.size < streams_max || first === undefined) return;
    rooms.get(first)!.abort();
    rooms.delete(first);
    chat.roomOf(first).leftBehind();
  }

  async function listen(frame: Frame): Promise<void> {
    const { room, ref } = frame;
    const here = new AbortController();
    rooms.get(room)?.abort();
    rooms.delete(room);
    makePlace();
    rooms.set(room, here);
    const where = new URLSearchParams();
    for (const name of ["after", "log", "history"]) if (frame[name] !== undefined) where.set(name, frame[name]);
    const reply = await fetch(`/api/v1/rooms/${encodeURIComponent(room)}/stream?${where}`, {
      headers: headers({ Accept: "text/event-stream" }),
      signal: here.signal,
    });
    if (!reply.ok || !reply.body) {
      ends.message({ ...((await reply.json()) as Frame), type: "error", ref });
      return;
    }
    void read(reply.body, ref, here);
  }

  /** As a socket does: whoever waits for "joined" has heard it before what follows is told. */
  async function tell(frame: Frame, ref: Frame["ref"]): Promise<void> {
    const joined = frame.type === "joined";
    ends.message(joined ? { ...frame, ref } : frame);
    if (joined) await new Promise((resolve) => setTimeout(resolve));
  }

  async function read(body: ReadableStream<Uint8Array>, ref: Frame["ref"], here: AbortController): Promise<void> {
    const text = new TextDecoder();
    const frames: Frame[] = [];
    const take = eventReader((data) => frames.push(JSON.parse(data) as Frame));
    try {
      const reader = body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        take(text.decode(value, { stream: true }));
        for (const frame of frames.splice(0)) {
          await tell(frame, ref);
          if (frame.type === "kicked") here.abort(); /* the end of this room only */
        }
      }
    } catch {
      /* told below */
    }
    if (!here.signal.aborted) fail();
  }

  async function leave(frame: Frame): Promise<void> {
    rooms.get(frame.room)?.abort();
    rooms.delete(frame.room);
    ends.message({ type: "left", room: frame.room, ref: frame.ref });
  }

  function close(): void {
    closed = true;
    stop.abort();
    for (const room of rooms.values()) room.abort();
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

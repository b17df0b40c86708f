// Finding messages by their text, in this room or all, by anybody or one; and going to a date.
import type { ComponentChild } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { chat, close, goRoom, type Open } from "../app";
import { day, time } from "../dates";
import { wordsOf } from "../files";
import { plainText } from "../markup";
import { fold } from "../mention";
import { nameClass } from "../views/name";
import type { SearchRequest } from "../protocol.gen";
import type { HistoryLine } from "../wire";
import { t } from "../words";
import { seqAt } from "./past";
import { fields, Title, told, Wrong } from "./sheet";

interface Found {
  lines: HistoryLine[];
  /** Where it goes on; absent when that was all. */
  next?: string;
}

interface Asked {
  query: string;
  from: string;
  /** Only in this room; "" is everywhere. */
  room: string;
}

/** What was found last is still there after one has gone to look at it. */
let last: { asked: Asked; found: Found; top: number } | null = null;

async function find({ query, from, room }: Asked, next?: string): Promise<Found> {
  const request: SearchRequest = { type: "search", limit: 30 };
  if (query) request.query = query;
  if (room) request.room = room;
  if (from) request.from = from;
  if (next) request.next = next;
  const reply = await chat.do(request);
  return reply.next ? { lines: reply.results, next: reply.next } : { lines: reply.results };
}

const shown_before = 60;
const shown_max = 240;

/** Where any of the words stands in the text, by the way names are folded: [from, to], in order. */
function matches(text: string, query: string): [number, number][] {
  const words = fold(query).split(/\s+/).filter(Boolean);
  const found: [number, number][] = [];
  for (let at = 0; at < text.length; at++) {
    const end = words.map((word) => endOf(text, at, word)).sort((a, b) => b - a)[0] ?? 0;
    if (!end) continue;
    found.push([at, end]);
    at = end - 1;
  }
  return found;
}

function endOf(text: string, at: number, word: string): number {
  if (/[\udc00-\udfff]/.test(text[at]!)) return 0;
  for (let end = at + 1; end <= Math.min(text.length, at + 2 * word.length + 2); end++) {
    const piece = fold(text.slice(at, end));
    if (piece === word) return end;
    if (!word.startsWith(piece)) return 0;
  }
  return 0;
}

/** The text around the first match, without its signs and with what matches marked. */
function Snippet({ text, query }: { text: string; query: string }) {
  const whole = plainText(text);
  const first = matches(whole, query)[0]?.[0] ?? 0;
  const from = first > shown_before ? whole.lastIndexOf(" ", first - shown_before / 2) + 1 : 0;
  const cut = whole.slice(from, from + shown_max);
  const nodes: ComponentChild[] = [from ? "… " : ""];
  let done = 0;
  for (const [start, end] of matches(cut, query)) {
    nodes.push(cut.slice(done, start), <mark>{cut.slice(start, end)}</mark>);
    done = end;
  }
  nodes.push(cut.slice(done), from + shown_max < whole.length ? " …" : "");
  return <p dir="auto">{nodes}</p>;
}

function Result({ line, asked }: { line: HistoryLine; asked: Asked }) {
  const room = chat.roomOf(line.room);
  const unset = line.clock === "unset";
  const go = (event: Event) => {
    if (last) last.top = (event.currentTarget as HTMLElement).closest("dialog")!.scrollTop;
    close();
    goRoom(room);
    void chat.history.jump(room, line.seq);
  };
  return (
    <li>
      <button class="line" onClick={go}>
        <bdi class={nameClass({ ...line, name: line.from })}>{line.from}</bdi>
        <time>
          {room.isDirect ? "" : "#" + room.title + " · "}
          {unset ? t("timeUnknown") : `${day(line.ts, Date.now())} ${time(line.ts)}`}
        </time>
        <Snippet text={line.text || line.snippet || wordsOf({ text: "", files: line.files })} query={asked.query} />
      </button>
    </li>
  );
}

export function Search({ what }: { what: Open }) {
  const kept = last;
  const [asked, setAsked] = useState<Asked>(kept?.asked ?? { query: "", from: "", room: what.room?.name ?? "" });
  const [here, setHere] = useState(kept ? kept.asked.room !== "" : true);
  const [found, setFound] = useState<Found | null>(kept?.found ?? null);
  const [wrong, setWrong] = useState("");
  const top = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    /* The dialog is opened after its contents are drawn. */
    if (kept) requestAnimationFrame(() => (top.current?.closest("dialog") ?? top.current!).scrollTo(0, kept.top));
  }, []);
  const failed = (error: Error) => setWrong(told(error));
  const look = (what: Asked, next?: string) => {
    setWrong("");
    setAsked(what);
    find(what, next).then((more) => {
      const all = next && found ? { ...more, lines: [...found.lines, ...more.lines] } : more;
      last = { asked: what, found: all, top: 0 };
      setFound(all);
    }, failed);
  };
  const goDate = (value: string) => {
    const at = new Date(value + "T00:00").getTime();
    /* A year that is still being typed is in antiquity. */
    if (!(at > 0) || !what.room) return;
    const shown = what.room;
    seqAt(chat, shown, at).then((seq) => {
      if (seq === null) return setWrong(t("noResults"));
      close();
      void chat.history.jump(shown, seq);
    }, failed);
  };
  return (
    <>
      <Title text={t("search")} />
      <form
        role="search"
        onSubmit={(event) => {
          const field = fields(event);
          const query = field("query");
          const from = field("from").replace(/^@/, "");
          if (query || from) look({ query, from, room: here ? (what.room?.name ?? "") : "" });
        }}
      >
        <span class="row-of">
          <input
            type="search"
            autofocus
            maxLength={80}
            enterkeyhint="search"
            aria-label={t("search")}
            name="query"
            defaultValue={asked.query}
          />
          <button class="main">{t("search")}</button>
        </span>
        <span class="row-of">
          {what.room && (
            <label class="choice">
              <input type="checkbox" checked={here} onChange={() => setHere(!here)} />
              {t("onlyHere", { room: what.room.isDirect ? what.room.title : "#" + what.room.title })}
            </label>
          )}
          <input aria-label={t("from")} placeholder={t("from")} name="from" defaultValue={asked.from} />
        </span>
        {what.room && (
          <label>
            {t("goDate")}
            <input type="date" onChange={(event) => goDate(event.currentTarget.value)} />
          </label>
        )}
      </form>
      <Wrong text={wrong} />
      <div class="results" ref={top} role="region" aria-live="polite" aria-label={t("search")}>
        {found && !found.lines.length && <p class="muted">{t("noResults")}</p>}
        <ul>
          {found?.lines.map((line) => (
            <Result key={line.room + line.seq} line={line} asked={asked} />
          ))}
        </ul>
        {found?.next && (
          <button class="chip" onClick={() => look(asked, found.next)}>
            {t("more")}
          </button>
        )}
      </div>
    </>
  );
}

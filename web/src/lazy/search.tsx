// Finding messages by their text, in this room or all, by anybody or one; and going to a date.
import { useState } from "preact/hooks";
import { chat, close, goRoom, type Open } from "../app";
import { day, time } from "../dates";
import type { Room } from "../room";
import { nameClass } from "../views/name";
import type { HistoryLine } from "../wire";
import { t } from "../words";
import { fields, Title, told, Wrong } from "./sheet";

interface Found {
  lines: HistoryLine[];
  more: boolean;
}

async function find(query: string, room: Room | null, from: string, before?: number): Promise<Found> {
  const frame: Record<string, unknown> = { query, limit: 30 };
  if (room) frame.room = room.name;
  if (from) frame.from = from;
  if (before) frame.before = before;
  const reply = await chat.do({ type: "search", ...frame });
  return { lines: reply.results as HistoryLine[], more: reply.more as boolean };
}

/** The first message of a day: times rise with seq, so half the stretch falls away at each step. */
async function seqAt(room: Room, ts: number): Promise<number | null> {
  let low = 0;
  let high = room.cursor;
  let found: number | null = null;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const page = await chat.history.page(room, { after: middle, limit: 1 });
    const line = page.messages[0];
    if (!line || line.ts >= ts) {
      if (line) found = line.seq;
      high = middle;
    } else low = line.seq;
  }
  return found;
}

function Result({ line }: { line: HistoryLine }) {
  const room = chat.roomOf(line.room);
  const go = () => {
    close();
    goRoom(room);
    void chat.history.jump(room, line.seq);
  };
  return (
    <li>
      <button class="line" onClick={go}>
        <bdi class={nameClass(line.from)}>{line.from}</bdi>
        <time>
          {room.isDirect ? "" : "#" + room.title + " · "}
          {day(line.ts, Date.now())} {time(line.ts)}
        </time>
        <p dir="auto">{line.snippet || line.text}</p>
      </button>
    </li>
  );
}

export function Search({ what }: { what: Open }) {
  const [asked, setAsked] = useState({ query: "", from: "" });
  const [here, setHere] = useState(true);
  const [found, setFound] = useState<Found | null>(null);
  const [wrong, setWrong] = useState("");
  const room = here ? (what.room ?? null) : null;
  const failed = (error: Error) => setWrong(told(error));
  const look = (what: { query: string; from: string }, before?: number) => {
    setWrong("");
    setAsked(what);
    find(what.query, room, what.from, before).then(
      (more) => setFound(before && found ? { lines: [...found.lines, ...more.lines], more: more.more } : more),
      failed,
    );
  };
  const goDate = (value: string) => {
    const at = new Date(value + "T00:00").getTime();
    /* A year that is still being typed is in antiquity. */
    if (!(at > 0) || !what.room) return;
    const shown = what.room;
    seqAt(shown, at).then((seq) => {
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
          if (query) look({ query, from: field("from").replace(/^@/, "") });
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
          />
          <button class="main">{t("search")}</button>
        </span>
        <span class="row-of">
          {what.room && (
            <label class="choice">
              <input type="checkbox" checked={here} onChange={() => setHere(!here)} />
              {what.room.isDirect ? what.room.title : "#" + what.room.title}
            </label>
          )}
          <input aria-label={t("from")} placeholder={t("from")} name="from" />
        </span>
        {what.room && (
          <label>
            {t("goDate")}
            <input type="date" onChange={(event) => goDate(event.currentTarget.value)} />
          </label>
        )}
      </form>
      <Wrong text={wrong} />
      <div class="results" role="region" aria-live="polite" aria-label={t("search")}>
        {found && !found.lines.length && <p class="muted">{t("noResults")}</p>}
        <ul>
          {found?.lines.map((line) => (
            <Result key={line.room + line.seq} line={line} />
          ))}
        </ul>
        {found?.more && (
          <button class="chip" onClick={() => look(asked, found.lines[found.lines.length - 1]!.ts)}>
            {t("more")}
          </button>
        )}
      </div>
    </>
  );
}

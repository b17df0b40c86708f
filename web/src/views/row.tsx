// One message. Drawn again only when something about it has changed.
import { Component, type ComponentChild } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { chat } from "../app";
import { time, whole } from "../dates";
import { wordsOf } from "../files";
import type { Row } from "../log";
import { isEmojiOnly, markdown } from "../markdown";
import { plainText } from "../markup";
import type { Room } from "../room";
import { t } from "../words";
import { Files } from "./files";
import { nameClass } from "./name";

interface Props {
  room: Room;
  row: Row;
  /** The first of its sender: with name and time. */
  first: boolean;
  /** What it answers, if that is known. */
  quoted?: Row;
  pending?: ComponentChild;
  /** How many names are known, where that matters. */
  met: number;
}

/** Exact to the name shown, the text being the sender's own. */
export function react(room: Room, row: Row, emoji: string): void {
  const me = chat.me.value!.name;
  const line = row.reactions.find((one) => one.emoji === emoji);
  const on = !line?.names.includes(me);
  room.applyOptimistically({ type: "reaction", room: room.name, seq: 0, ts: 0, from: me, target: row.seq, emoji, on });
  chat.sender.say({ room: room.name, kind: "react", target: row.seq, emoji, on });
}

function Text({ room, text }: { room: Room; text: string }) {
  const me = chat.me.value?.name ?? "";
  return <div class={isEmojiOnly(text) ? "text large" : "text"}>{markdown(text, room.names, me)}</div>;
}

function Quote({ room, seq, quoted }: { room: Room; seq: number; quoted?: Row }) {
  useEffect(() => {
    if (!quoted) chat.history.quote(room, seq);
  }, [seq]);
  return (
    <button class="quote" onClick={() => void chat.history.jump(room, seq)}>
      {quoted ? <bdi>{quoted.from}</bdi> : "…"}
      {quoted && ": " + (quoted.deleted ? t("deleted") : chat.hides(quoted) ? "…" : plainText(wordsOf(quoted)).slice(0, 120))}
    </button>
  );
}

function Reactions({ room, row }: { room: Room; row: Row }) {
  const me = chat.me.value?.name ?? "";
  return (
    <div class="reactions">
      {row.reactions.map((one) => (
        <button
          key={one.emoji}
          class="chip"
          aria-pressed={one.names.includes(me)}
          aria-label={t("withReaction", { emoji: one.emoji, n: one.count })}
          title={one.names.join(", ")}
          onClick={() => react(room, row, one.emoji)}
        >
          <span>{one.emoji}</span> {one.count}
        </button>
      ))}
    </div>
  );
}

/** A board without a clock tells no time, rather than one of 1970. */
function Time({ row, side }: { row: Row; side?: boolean }) {
  const known = row.unset ? { title: t("timeUnknown") } : { dateTime: new Date(row.ts).toISOString(), title: whole(row.ts) };
  return (
    <time class={side ? "side" : undefined} aria-hidden={side} {...known}>
      {row.unset ? "–:–" : time(row.ts)}
    </time>
  );
}

function Head({ row }: { row: Row }) {
  return (
    <div class="head">
      <bdi class={nameClass({ ...row, name: row.from })}>{row.from}</bdi>
      <Time row={row} />
      {row.via && <span class="muted">{t("guestVia", { via: row.via })}</span>}
    </div>
  );
}

/* What is shorter than this is not taller than any screen. */
const tall_characters = 400;
const tall_lines = 12;
const tall_share = 0.8;

/** Taller than most of the screen, it is folded until somebody wants to read it. */
function Tall({ room, text }: { room: Room; text: string }) {
  const box = useRef<HTMLDivElement>(null);
  const [state, set] = useState<"unknown" | "fits" | "folded" | "open">("unknown");
  useLayoutEffect(() => {
    const fits = box.current!.scrollHeight <= innerHeight * tall_share;
    set(fits ? "fits" : "folded");
  }, [text]);
  const folded = state === "folded";
  return (
    <>
      <div ref={box} class={folded ? "folded" : undefined}>
        <Text room={room} text={text} />
      </div>
      {(folded || state === "open") && (
        <button class="link" aria-expanded={!folded} onClick={() => set(folded ? "open" : "folded")}>
          {t(folded ? "showAll" : "showLess")}
        </button>
      )}
    </>
  );
}

function Body({ room, row }: { room: Room; row: Row }) {
  if (row.deleted) {
    return <p class="gone">{row.removedBy ? t("deletedBy", { name: row.removedBy }) : t("deleted")}</p>;
  }
  if (chat.hides(row)) return <Blocked room={room} row={row} />;
  return <Said room={room} row={row} />;
}

/** Of somebody whom one has blocked: folded until one wants to read it. */
function Blocked({ room, row }: { room: Room; row: Row }) {
  const [shown, show] = useState(false);
  if (shown) return <Said room={room} row={row} />;
  return (
    <button class="link" onClick={() => show(true)}>
      {t("blockedShow")}
    </button>
  );
}

function Said({ room, row }: { room: Room; row: Row }) {
  const { text, files } = row;
  const tall = text.length > tall_characters || text.split("\n", tall_lines + 1).length > tall_lines;
  const Words = tall ? Tall : Text;
  return (
    <>
      {(text || !files) && <Words room={room} text={text} />}
      {files && <Files room={room} row={row} files={files} />}
    </>
  );
}

export class MessageRow extends Component<Props> {
  shouldComponentUpdate(next: Props): boolean {
    const now = this.props;
    return (
      next.row !== now.row ||
      next.first !== now.first ||
      next.quoted !== now.quoted ||
      next.pending !== now.pending ||
      next.met !== now.met
    );
  }

  render({ room, row, first, quoted, pending }: Props) {
    const called = room.namesMe(row);
    const classes = "row" + (first ? " first" : "") + (called ? " called" : "") + (pending ? " pending" : "");
    return (
      <li class={classes} data-seq={row.seq} tabIndex={-1}>
        {first ? <Head row={row} /> : <span class="hidden">{row.from}</span>}
        {!first && !pending && <Time row={row} side />}
        {row.reply !== undefined && <Quote room={room} seq={row.reply} quoted={quoted} />}
        <Body room={room} row={row} />
        {row.edited && !row.deleted && <span class="muted small">{t("edited")}</span>}
        {row.reactions.length > 0 && <Reactions room={room} row={row} />}
        {pending}
      </li>
    );
  }
}

// One message. Drawn again only when something about it has changed.
import { Component, type ComponentChild } from "preact";
import { useEffect } from "preact/hooks";
import { chat } from "../app";
import { time, whole } from "../dates";
import type { Row } from "../log";
import { isEmojiOnly, markdown } from "../markdown";
import { plainText } from "../markup";
import type { Room } from "../room";
import { t } from "../words";
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
  room.pretend({ type: "reaction", room: room.name, seq: 0, ts: 0, from: me, target: row.seq, emoji, on });
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
      {quoted && ": " + (quoted.deleted ? t("deleted") : plainText(quoted.text).slice(0, 120))}
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

function Head({ row }: { row: Row }) {
  return (
    <div class="head">
      <bdi class={nameClass(row.from)}>{row.from}</bdi>
      <time dateTime={new Date(row.ts).toISOString()} title={whole(row.ts)}>
        {row.unset ? "–:–" : time(row.ts)}
      </time>
      {row.via && <span class="muted">{t("guestVia", { via: row.via })}</span>}
    </div>
  );
}

function Body({ room, row }: { room: Room; row: Row }) {
  if (row.deleted) {
    return <p class="gone">{row.removedBy ? t("deletedBy", { name: row.removedBy }) : t("deleted")}</p>;
  }
  return <Text room={room} text={row.text} />;
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
        {row.reply !== undefined && <Quote room={room} seq={row.reply} quoted={quoted} />}
        <Body room={room} row={row} />
        {row.edited && !row.deleted && <span class="muted small">{t("edited")}</span>}
        {row.reactions.length > 0 && <Reactions room={room} row={row} />}
        {pending}
      </li>
    );
  }
}

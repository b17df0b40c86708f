// The rooms one is in, direct ones, and those one may join. What is unread comes first, then what was
// spoken in last.
import { useState } from "preact/hooks";
import { chat, goRoom, narrow, open, screen } from "../app";
import { fold } from "../mention";
import { heard } from "../notify";
import type { Room } from "../room";
import { t } from "../words";
import { Icon } from "./icon";
import { Status } from "./status";

/* A list that fits on a screen needs no filter. */
const filtered_min = 16;

export function Badge({ room }: { room: Room }) {
  const unread = heard(room) ? room.unread.value : 0;
  if (!unread && room.invited.value) {
    return (
      <span class="badge loud" title={t("invitedBy", { name: room.invited.value })}>
        <span aria-hidden="true">!</span>
        <span class="hidden">{t("invitedBy", { name: room.invited.value })}</span>
      </span>
    );
  }
  if (!unread) return null;
  const mentioned = room.mentioned.value;
  const count = mentioned || unread;
  const more = count > 999 ? "999+" : count + (!mentioned && room.unreadMore.value ? "+" : "");
  return (
    <span class={mentioned ? "badge loud" : "badge"}>
      <span aria-hidden="true">{(mentioned && !room.isDirect ? "@" : "") + more}</span>
      <span class="hidden">{t("unread", { n: unread })}</span>
    </span>
  );
}

function Unsent({ room }: { room: Room }) {
  const me = chat.me.value?.name;
  if (!chat.sender.items.value.some((item) => item.failed && item.room === room.name && item.user === me)) return null;
  return (
    <span class="wrong">
      <Icon name="warning" />
      <span class="hidden">{t("notSentIn")}</span>
    </span>
  );
}

export function Line({ room }: { room: Room }) {
  const here = chat.current.value === room;
  return (
    <li>
      <button class="line" aria-current={here ? "page" : undefined} onClick={() => goRoom(room)}>
        <bdi>{room.label}</bdi>
        {room.visibility.value === "private" && <Icon name="lock" />}
        <Unsent room={room} />
        <Badge room={room} />
      </button>
    </li>
  );
}

function Section({ title, rooms }: { title: string; rooms: readonly Room[] }) {
  if (!rooms.length) return null;
  return (
    <section>
      <h2>{title}</h2>
      <ul>
        {rooms.map((room) => (
          <Line key={room.name} room={room} />
        ))}
      </ul>
    </section>
  );
}

const calls = (room: Room) => (heard(room) ? (room.mentioned.value || room.invited.value ? 2 : room.unread.value ? 1 : 0) : 0);

/** Compared without making text of anything, a lively chat sorting them often. */
export function sorted(rooms: readonly Room[]): Room[] {
  const ranks = new Map(rooms.map((room) => [room, calls(room)]));
  return [...rooms].sort(
    (a, b) => ranks.get(b)! - ranks.get(a)! || b.newest.value - a.newest.value || a.title.localeCompare(b.title, undefined, { numeric: true }),
  );
}

export function Rooms() {
  const [query, setQuery] = useState("");
  const look = (text: string) => {
    setQuery(text);
    if (chat.moreRooms.value && text.trim()) void chat.membership.findRooms(text.trim());
  };
  const all = chat.rooms.value;
  const wanted = fold(query.trim());
  const rooms = sorted(wanted ? all.filter((room) => fold(room.title).includes(wanted)) : all);
  const current = chat.current.value;
  const mine = rooms.filter((room) => !room.isDirect && (room.joined.value || room.wanted));
  const direct = rooms.filter((room) => room.isDirect);
  const others = rooms.filter((room) => !room.isDirect && !room.archived.value && !mine.includes(room));
  const unread = chat.unread.value;
  /* Where it is all there is to see, it is the main part. */
  const Tag = narrow.value && (screen.value === "rooms" || !current) ? "main" : "nav";
  return (
    <Tag class="rooms" aria-label={t("rooms")} tabIndex={-1}>
      <header>
        <h1>{chat.serverName.value}</h1>
        <button class="plain" aria-label={t("keySwitch")} title={t("keySwitch")} onClick={() => open({ part: "switcher" })}>
          <Icon name="search" />
        </button>
        {chat.mayCreate.value && (
          <button class="plain" aria-label={t("create")} title={t("create")} onClick={() => open({ part: "create" })}>
            <Icon name="plus" />
          </button>
        )}
        <button class="plain" aria-label={t("settings")} title={t("settings")} onClick={() => open({ part: "settings", room: current ?? undefined })}>
          <Icon name="gear" />
        </button>
      </header>
      {Tag === "main" && <Status />}
      {(all.length >= filtered_min || chat.moreRooms.value) && (
        <input class="filter" aria-label={t("findRoom")} placeholder={t("findRoom")} value={query} onInput={(event) => look(event.currentTarget.value)} />
      )}
      <Section title={t("rooms")} rooms={mine} />
      <Section title={t("direct")} rooms={direct} />
      <Section title={t("moreRooms")} rooms={others} />
      {unread > 0 && (
        <p>
          <button class="chip" onClick={() => chat.reading.readAll()}>
            {t("readAll")}
          </button>
        </p>
      )}
      <p class="myself">
        <bdi>{chat.me.value?.name}</bdi>
      </p>
    </Tag>
  );
}

// The rooms one is in, direct ones, and those one may join.
import { chat, goRoom, narrow, open, screen } from "../app";
import type { Room } from "../room";
import { t } from "../words";
import { Icon } from "./icon";
import { Status } from "./status";

function Badge({ room }: { room: Room }) {
  const unread = room.unread.value;
  if (!unread) return null;
  const mentioned = room.mentioned.value;
  const count = mentioned || unread;
  const more = count > 99 ? "99+" : count + (!mentioned && room.unreadMore.value ? "+" : "");
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

function Line({ room }: { room: Room }) {
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

export function Rooms() {
  const rooms = [...chat.rooms.value].sort((a, b) => a.title.localeCompare(b.title, undefined, { numeric: true }));
  const current = chat.current.value;
  const mine = rooms.filter((room) => !room.isDirect && (room.joined.value || room.wanted));
  const direct = rooms.filter((room) => room.isDirect);
  const others = rooms.filter((room) => !room.isDirect && !mine.includes(room));
  /* Where it is all there is to see, it is the main part. */
  const Tag = narrow.value && (screen.value === "rooms" || !current) ? "main" : "nav";
  return (
    <Tag class="rooms" aria-label={t("rooms")} tabIndex={-1}>
      <header>
        <h1>{chat.serverName.value}</h1>
        <button class="plain" aria-label={t("create")} onClick={() => open({ part: "create" })}>
          <Icon name="plus" />
        </button>
        <button class="plain" aria-label={t("settings")} onClick={() => open({ part: "settings", room: current ?? undefined })}>
          <Icon name="gear" />
        </button>
      </header>
      {Tag === "main" && <Status />}
      <Section title={t("rooms")} rooms={mine} />
      <Section title={t("direct")} rooms={direct} />
      <Section title={t("moreRooms")} rooms={others} />
      <p class="myself">
        <bdi>{chat.me.value?.name}</bdi>
      </p>
    </Tag>
  );
}

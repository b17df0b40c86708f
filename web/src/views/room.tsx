// The middle pane: header, what is the matter, log, who is typing, composer.
import { chat, go, open } from "../app";
import { heard, unreadHeard } from "../notify";
import type { Room } from "../room";
import { t } from "../words";
import { Composer } from "./composer";
import { Icon } from "./icon";
import { useLater } from "./later";
import { Log } from "./log";
import { linkState, Status } from "./status";

function LinkSign() {
  const state = linkState();
  const ms = chat.roundTrip.value;
  return (
    <button
      class={"plain sign " + state.toLowerCase()}
      aria-label={t(`link${state}`)}
      title={t(`link${state}`) + (state === "Lost" ? "" : ` · ${Math.round(ms)} ms`)}
      onClick={() => open({ part: "link" })}
    >
      <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
        <path d="M5 15v4M12 10v9" />
        <path class="third" d="M19 5v14" />
      </svg>
    </button>
  );
}

function Header({ room }: { room: Room }) {
  const others = unreadHeard() - (heard(room) ? room.unread.value : 0);
  const count = t("here", { n: room.members.value });
  return (
    <header class="top">
      <button class="plain phone" aria-label={t("back") + (others ? `, ${t("unread", { n: others })}` : "")} onClick={() => go("rooms")}>
        <Icon name="back" />
        {others > 0 && <span class="badge">{others > 99 ? "99+" : others}</span>}
      </button>
      <h1>
        <button class="title" aria-haspopup="dialog" onClick={() => open({ part: "room", room })}>
          <bdi>{room.label}</bdi>
          <span class="muted">
            {count}
            {room.topic.value && " · " + room.topic.value}
          </span>
        </button>
      </h1>
      <LinkSign />
      <button class="plain" aria-label={t("search")} title={t("search")} onClick={() => open({ part: "search", room })}>
        <Icon name="search" />
      </button>
      <button class="plain narrow" aria-label={t("people")} onClick={() => go("people")}>
        <Icon name="people" />
      </button>
    </header>
  );
}

function Typing({ room }: { room: Room }) {
  const [a, b, c] = room.typing.value;
  const text = !a ? "" : !b ? t("typing", { a }) : !c ? t("twoTyping", { a, b }) : t("someTyping");
  return <p class="typing">{text}</p>;
}

export function RoomPane({ room }: { room: Room }) {
  const readOnly = room.readOnly.value || chat.waiting.value;
  const silent = readOnly || room.mutedUntil.value > 0;
  const later = useLater(silent, () => import("../lazy/silent"));
  return (
    <main class="room" tabIndex={-1}>
      <Header room={room} />
      <Status />
      <Log key={room.name} room={room} />
      <Typing room={room} />
      {later && silent && <later.Silent room={room} />}
      {!readOnly && <Composer key={"to " + room.name} room={room} />}
    </main>
  );
}

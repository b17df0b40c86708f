// The quick switcher, the shortcuts, and what the link sign means.
import { useState } from "preact/hooks";
import { chat, close, goRoom, type Open } from "../app";
import { fold } from "../mention";
import type { Room } from "../room";
import { linkState } from "../views/status";
import { t, type Key } from "../words";
import { commands } from "./commands";
import { Title } from "./sheet";
import { goDirect } from "./ways";

export function LinkSheet(_: { what: Open }) {
  const state = linkState();
  const ms = Math.round(chat.roundTrip.value);
  return (
    <>
      <Title text={t("linkTitle")} />
      <p>
        <strong>{t(`link${state}`)}</strong>
      </p>
      <p>{state === "Lost" ? t("linkExplainLost") : t("linkExplain", { ms })}</p>
      {state === "Weak" && <p>{t("linkExplainWeak")}</p>}
      {state === "Lost" && (
        <button class="main" onClick={() => chat.connection.retryNow()}>
          {t("retry")}
        </button>
      )}
    </>
  );
}

const keys: [string, Key][] = [
  ["Enter", "send"],
  ["Shift + Enter", "keyNewline"],
  ["↑", "keyEdit"],
  ["↑ ↓ Enter", "keyRows"],
  ["Ctrl + K", "keySwitch"],
  ["F6", "keyPanes"],
  ["Esc", "close"],
  ["Ctrl + /", "keyHelp"],
];

export function Help(_: { what: Open }) {
  return (
    <>
      <Title text={t("help")} />
      <div class="keys">
        {keys.map(([key, word]) => (
          <>
            <kbd>{key}</kbd>
            <span>{t(word)}</span>
          </>
        ))}
        {commands.map(({ name, takes, words }) => (
          <>
            <kbd>
              /{name} {takes && t(takes)}
            </kbd>
            <span>{t(words)}</span>
          </>
        ))}
      </div>
      <p class="muted small">{t("commandEscape")}</p>
    </>
  );
}

interface Goal {
  text: string;
  go(): void;
}

function goals(query: string): Goal[] {
  const wanted = fold(query).replace(/^[#@]/, "");
  const matches = (name: string) => fold(name).includes(wanted);
  const rooms: Goal[] = chat.rooms.value
    .filter((room: Room) => matches(room.title))
    .sort((a, b) => b.unread.value - a.unread.value)
    .map((room) => ({ text: room.isDirect ? "@" + room.title : "# " + room.title, go: () => goRoom(room) }));
  const known = new Set(chat.rooms.value.filter((room) => room.isDirect).map((room) => room.peer.value));
  const people = (chat.current.value?.people.value ?? [])
    .filter((one) => matches(one.name) && !known.has(one.name) && one.name !== chat.me.value?.name)
    .map((one) => ({ text: "@" + one.name, go: () => goDirect(one.name) }));
  /* Not every room is listed: one may know it by its name. */
  const exact = !wanted || rooms.some((one) => one.text === "# " + wanted);
  const other = exact ? [] : [{ text: `${t("join")} # ${wanted}`, go: () => goRoom(chat.roomOf(wanted)) }];
  return [...[...rooms, ...people].slice(0, 8), ...other];
}

export function Switcher(_: { what: Open }) {
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const found = goals(query);
  const chosen = Math.min(at, found.length - 1);
  const take = (goal: Goal | undefined) => {
    if (!goal) return;
    close();
    goal.go();
  };
  const keysDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown") setAt((chosen + 1) % found.length);
    else if (event.key === "ArrowUp") setAt((chosen + found.length - 1) % found.length);
    else if (event.key === "Enter") take(goals((event.currentTarget as HTMLInputElement).value)[chosen]);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <Title text={t("keySwitch")} />
      <input
        autofocus
        role="combobox"
        aria-label={t("keySwitch")}
        aria-expanded="true"
        aria-controls="goals"
        aria-activedescendant={found.length ? "goal" + chosen : undefined}
        value={query}
        onInput={(event) => (setQuery(event.currentTarget.value), setAt(0))}
        onKeyDown={keysDown}
      />
      <ul id="goals" role="listbox" aria-label={t("rooms")}>
        {found.map((goal, i) => (
          <li key={goal.text} id={"goal" + i} class="line" role="option" aria-selected={i === chosen} aria-current={i === chosen ? "true" : undefined} onClick={() => take(goal)}>
            <bdi>{goal.text}</bdi>
          </li>
        ))}
      </ul>
    </>
  );
}

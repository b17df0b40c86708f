// Who is in the room.
import { useEffect, useState } from "preact/hooks";
import { chat, open, screen, wide } from "../app";
import { fold } from "../mention";
import type { Room } from "../room";
import type { SanctionLine } from "../protocol.gen";
import type { MemberLine, Role } from "../wire";
import { t } from "../words";
import { Icon } from "../views/icon";
import { nameClass } from "../views/name";
import { Knocks } from "./knocks";
import { askSanctions, hasSay, sanctions, whomOf } from "./known";
import { may } from "./may";

const roles: Partial<Record<Role, "roleAdmin" | "roleOwner" | "roleModerator">> = {
  admin: "roleAdmin",
  owner: "roleOwner",
  moderator: "roleModerator",
};
const ranks: Role[] = ["admin", "owner", "moderator", "member", "guest"];

/* A list that fits on a screen needs no filter. */
const filtered_min = 16;

function byRank(a: MemberLine, b: MemberLine): number {
  return ranks.indexOf(a.role) - ranks.indexOf(b.role) || a.name.localeCompare(b.name);
}

/** The one that counts: whoever is banned is out, whatever else holds. */
function sanctionOf(name: string): SanctionLine | undefined {
  const all = sanctions.value.filter((one) => whomOf(one) === name);
  return all.find((one) => one.kind === "ban") ?? all[0];
}

function Person({ room, person }: { room: Room; person: MemberLine }) {
  const me = person.name === chat.me.value?.name;
  const kept = sanctionOf(person.name);
  const role = roles[person.role];
  return (
    <li>
      <button class="line" onClick={() => open({ part: "person", room, name: person.name })}>
        <span class={person.away ? "dot off" : "dot"} aria-hidden="true" />
        <bdi class={nameClass(person)}>{person.name}</bdi>
        <span class="muted">
          {role && " · " + t(role)}
          {me && ` (${t("you")})`}
          {kept && " · " + t(kept.kind === "ban" ? "stateBanned" : "stateMuted")}
        </span>
      </button>
    </li>
  );
}

function List({ room, title, people }: { room: Room; title: string; people: MemberLine[] }) {
  if (!people.length) return null;
  return (
    <section>
      <h2>{title}</h2>
      <ul>
        {people.map((one) => (
          <Person key={one.name} room={room} person={one} />
        ))}
      </ul>
    </section>
  );
}

export function People({ room }: { room: Room }) {
  const shown = wide.value || screen.value === "people";
  const joined = room.joined.value;
  const members = room.members.value;
  const role = room.role.value;
  const rules = !room.isDirect && may(role, "sanctions");
  useEffect(() => {
    if (!shown || !joined) return;
    const ask = () => {
      void chat.people(room);
      if (rules) void askSanctions(room).catch(() => undefined);
    };
    const timer = setTimeout(ask, room.people.peek() ? 2000 : 0);
    return () => clearTimeout(timer);
  }, [room, shown, joined, members, role]);
  const [query, setQuery] = useState("");
  const all = room.people.value ?? [];
  const wanted = fold(query.trim());
  const people = all.filter((one) => fold(one.name).includes(wanted)).sort(byRank);
  const here = people.filter((one) => !one.away);
  const out = rules ? sanctions.value.filter((one) => one.kind === "ban" && !one.from && !all.some(({ name }) => name === one.user)) : [];
  const Tag = wide.value ? "aside" : "main";
  return (
    <Tag class="people" aria-label={t("people")} tabIndex={-1}>
      <header class="phone">
        <button class="plain" aria-label={t("close")} onClick={() => history.back()}>
          <Icon name="back" />
        </button>
        <h1>{t("people")}</h1>
      </header>
      {all.length >= filtered_min && (
        <input class="filter" aria-label={t("findPerson")} placeholder={t("findPerson")} value={query} onInput={(event) => setQuery(event.currentTarget.value)} />
      )}
      {wanted && !people.length && <p class="muted">{t("nobodyLike")}</p>}
      <List room={room} title={t("hereTitle", { n: wanted ? here.length : Math.max(here.length, room.members.value) })} people={here} />
      <List room={room} title={t("awayTitle", { n: people.length - here.length })} people={people.filter((one) => one.away)} />
      <List room={room} title={t("bannedTitle", { n: out.length })} people={out.map(({ user }) => ({ name: user, role: "guest", away: true }))} />
      {hasSay() && <Knocks />}
      {!room.isDirect && !chat.waiting.value && (
        <p>
          <button class="chip" onClick={() => open({ part: "invite", room })}>
            {t("invite")}
          </button>
        </p>
      )}
    </Tag>
  );
}

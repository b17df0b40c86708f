// What may be done with a person: only what one's role allows.
import { useEffect, useState } from "preact/hooks";
import { chat, close, open, type Open } from "../app";
import type { Room } from "../room";
import type { Role, RoomRole } from "../wire";
import { t, type Key } from "../words";
import { block } from "./known";
import { givable, may, mayTo } from "./may";
import { Sentence, type Kind } from "./sentence";
import { Sanctions } from "./sanctions";
import { Item, Title, useRequest, Wrong } from "./sheet";
import { goDirect } from "./ways";

const roleWords: Record<Role, Key> = {
  admin: "roleAdmin",
  owner: "roleOwner",
  moderator: "roleModerator",
  member: "roleMember",
  guest: "roleGuest",
};

interface Whom {
  room: Room;
  name: string;
  theirs: Role;
}

/** What whoever looks after the room may do. */
function Rules({ room, name, theirs, choose, run }: Whom & { choose(kind: Kind): void; run(what: () => Promise<unknown>): void }) {
  const mine = room.role.value;
  const give = (role: RoomRole) => run(() => chat.do({ type: "role", room: room.name, user: name, role }));
  return (
    <>
      {mayTo(mine, "mute", theirs) && <Item text={t("mute")} act={() => choose("mute")} />}
      {mayTo(mine, "erase", theirs) && <Item text={t("eraseSaid")} danger act={() => choose("erase")} />}
      {mayTo(mine, "kick", theirs) && <Item text={t("remove")} danger act={() => choose("kick")} />}
      {mayTo(mine, "ban", theirs) && <Item text={t("ban")} danger act={() => choose("ban")} />}
      {mayTo(mine, "role", theirs) &&
        givable(mine)
          .filter((role) => role !== theirs)
          .map((role) => <Item key={role} text={t("makeRole", { role: t(roleWords[role]) })} act={() => give(role)} />)}
    </>
  );
}

/** Somebody elsewhere, whose words a bridge brings. */
function Bridged({ room, name, choose }: { room: Room; name: string; choose(kind: Kind): void }) {
  const mine = room.role.value;
  return (
    <>
      <Title text={name} />
      <p class="muted">{t("bridged")}</p>
      {may(mine, "sanctions") && <Sanctions room={room} name={name} />}
      <ul>
        {may(mine, "mute") && <Item text={t("mute")} act={() => choose("mute")} />}
        {may(mine, "ban") && <Item text={t("ban")} danger act={() => choose("ban")} />}
      </ul>
    </>
  );
}

export function PersonMenu({ what }: { what: Open }) {
  const room = what.room!;
  const name = what.name!;
  const [kind, choose] = useState<Kind | null>(what.act ?? null);
  const { wrong, run } = useRequest();
  const known = room.people.value;
  useEffect(() => {
    if (!known) void chat.people(room);
  }, [known]);
  if (kind) return <Sentence room={room} name={name} uid={what.uid} kind={kind} />;
  if (what.uid) return <Bridged room={room} name={name} choose={choose} />;
  const person = known?.find((one) => one.name === name);
  const theirs = person?.role ?? "guest";
  const me = name === chat.me.value?.name;
  const blocked = person !== undefined && chat.hides(person);
  return (
    <>
      <Title text={name} />
      <p class="muted">{t(roleWords[theirs])}</p>
      {!me && !room.isDirect && may(room.role.value, "sanctions") && <Sanctions room={room} name={name} />}
      <ul>
        {!me && !chat.waiting.value && <Item text={t("whisper")} act={() => (close(), goDirect(name))} />}
        {me && <Item text={t("settings")} act={() => open({ part: "settings", room })} />}
        {/* Whose role is not known yet is not offered to be put out. */}
        {!me && !room.isDirect && known && <Rules room={room} name={name} theirs={theirs} choose={choose} run={run} />}
        {!me && !chat.waiting.value && <Item text={t(blocked ? "unblock" : "blockThem")} act={() => run(() => block({ user: name, on: !blocked }))} />}
      </ul>
      <Wrong text={wrong} />
    </>
  );
}

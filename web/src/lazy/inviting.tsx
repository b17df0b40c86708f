// Letting people into a private room: from a list, several at once; and what becomes of those present
// when a room is made private.
import { useEffect, useState } from "preact/hooks";
import { chat } from "../app";
import { fold } from "../mention";
import type { Room } from "../room";
import { t } from "../words";
import { told, Wrong } from "./sheet";

const listed_max = 40;
/** In so many rooms it is asked who is there: on a phone nobody may have looked yet. */
const asked_max = 8;

/** Everybody whom this page has met and who is not in the room yet. */
function others(room: Room): string[] {
  const here = new Set((room.people.value ?? []).map((one) => one.name));
  const met = new Set<string>();
  for (const one of chat.rooms.value) {
    if (one.isDirect) met.add(one.peer.value);
    for (const person of one.people.value ?? []) met.add(person.name);
  }
  met.delete(chat.me.value!.name);
  return [...met].filter((name) => name && !here.has(name)).sort((a, b) => a.localeCompare(b));
}

export function Inviting({ room }: { room: Room }) {
  const [query, setQuery] = useState("");
  const [chosen, choose] = useState<readonly string[]>([]);
  const [said, say] = useState("");
  const [wrong, setWrong] = useState("");
  useEffect(() => {
    const unseen = chat.rooms.value.filter((one) => one.joined.value && !one.isDirect && !one.people.value);
    for (const one of unseen.slice(0, asked_max)) void chat.people(one);
  }, [room]);
  const typed = query.trim().replace(/^@/, "");
  const known = others(room).filter((name) => fold(name).includes(fold(typed)));
  const exact = known.some((name) => fold(name) === fold(typed));
  const names = [...new Set([...chosen, ...known.slice(0, listed_max), ...(typed && !exact ? [typed] : [])])];
  const flip = (name: string) => choose(chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]);
  const invite = async (event: Event) => {
    event.preventDefault();
    const invited: string[] = [];
    setWrong("");
    for (const user of chosen.length ? chosen : typed ? [typed] : []) {
      try {
        await chat.do({ type: "invite", room: room.name, user });
        invited.push(user);
      } catch (error) {
        setWrong(`${user}: ${told(error as Error)}`);
      }
    }
    choose(chosen.filter((name) => !invited.includes(name)));
    if (!invited.length) return;
    setQuery("");
    say(t("askedIn", { names: invited.join(", ") }));
  };
  return (
    <form onSubmit={(event) => void invite(event)}>
      <label>
        {t("inviteUser")}
        <input name="user" autocomplete="off" value={query} onInput={(event) => setQuery(event.currentTarget.value)} />
      </label>
      {names.length > 0 && (
        <div class="chips" role="group" aria-label={t("people")}>
          {names.map((name) => (
            <button key={name} type="button" class="chip" aria-pressed={chosen.includes(name)} onClick={() => flip(name)}>
              {name}
            </button>
          ))}
        </div>
      )}
      <Wrong text={wrong} />
      <p role="status">{said}</p>
      <button class="main" disabled={!chosen.length && !typed}>
        {t("inviteCount", { n: chosen.length || 1 })}
      </button>
    </form>
  );
}

/** Guests present would be put out: they may be made members first. */
export function MakePrivate({ room, done, no }: { room: Room; done(what: () => Promise<unknown>): void; no(): void }) {
  const people = room.people.value;
  const guests = (people ?? []).filter((one) => one.role === "guest" && !one.away);
  useEffect(() => void chat.people(room), [room]);
  const close = () => chat.do({ type: "set", room: room.name, visibility: "private" });
  const keep = async () => {
    for (const { name } of guests) await chat.do({ type: "role", room: room.name, user: name, role: "member" });
    await close();
  };
  return (
    <div role="alertdialog" aria-label={t("makePrivate")}>
      <p>{people && (guests.length ? t("privateSure", { n: guests.length }) : t("privateNobody"))}</p>
      <ul>
        {guests.length > 0 && (
          <li>
            <button class="line" onClick={() => done(keep)}>
              {t("privateKeep")}
            </button>
          </li>
        )}
        <li>
          <button class="line" disabled={!people} onClick={() => done(close)}>
            {t(guests.length ? "privateOut" : "makePrivate")}
          </button>
        </li>
        <li>
          <button class="line" onClick={no}>
            {t("cancel")}
          </button>
        </li>
      </ul>
    </div>
  );
}

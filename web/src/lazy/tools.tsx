// What may be done with a message, a person, a room: only what one's role allows.
import { useState } from "preact/hooks";
import { chat, close, open, screen, type Open } from "../app";
import { startEdit } from "../drafts";
import { whole } from "../dates";
import { wordsOf } from "../files";
import { recallAll, remember } from "../memory";
import { plainText } from "../markup";
import { may, mayTo } from "./may";
import { canNotify, chosen, loudness, type Loudness } from "../notify";
import type { Room } from "../room";
import { sound } from "../settings";
import { react } from "../views/row";
import type { Visibility } from "../wire";
import { t, type Key } from "../words";
import { Audit } from "./audit";
import { SaveAsText } from "./export";
import { Inviting, MakePrivate } from "./inviting";
import { Pace } from "./pace";
import { startReply } from "./reply";
import { Sanctions } from "./sanctions";
import { Choice, copy, fields, focus, Item, Sure, Title, useRequest, Wrong } from "./sheet";
import { goDirect, linkTo } from "./ways";

const quick = ["👍", "❤️", "😂", "🎉", "😮", "😢", "🙏"];

/** To those who look after the room. */
function Report({ room, seq }: { room: Room; seq: number }) {
  const { wrong, run } = useRequest();
  const send = (event: Event) => {
    const reason = fields(event)("reason");
    run(() => chat.do({ type: "report", room: room.name, target: seq, ...(reason ? { reason } : {}) }).then(() => chat.say({ key: "text", text: t("reported") }, 5000)));
  };
  return (
    <form onSubmit={send}>
      <Title text={t("report")} />
      <p>{t("reportHint")}</p>
      <label>
        {t("reportWhy")}
        <input name="reason" maxLength={120} ref={focus} />
      </label>
      <Wrong text={wrong} />
      <button class="main">{t("report")}</button>
    </form>
  );
}

export function MessageMenu({ what }: { what: Open }) {
  const room = what.room!;
  const row = room.row(what.seq!);
  const [sure, ask] = useState(false);
  const [reporting, setReporting] = useState(false);
  if (!row) return <Title text={t("deleted")} />;
  const them: Open = { part: "person", room, name: row.from, uid: row.via && row.uid };
  if (reporting) return <Report room={room} seq={row.seq} />;
  const mine = room.mine(row);
  const theirs = room.people.value?.find((one) => one.name === row.from)?.role ?? "guest";
  const pick = (emoji: string) => {
    close();
    react(room, row, emoji);
  };
  const remove = () => {
    const target = row.seq;
    close();
    room.applyOptimistically({ type: "delete", room: room.name, seq: 0, ts: 0, from: chat.me.value!.name, target });
    chat.sender.say({ room: room.name, kind: "delete", target });
  };
  if (sure) return <Sure text={t("deleteSure")} yes={t("delete")} act={remove} no={() => ask(false)} />;
  return (
    <>
      <Title text={row.from} />
      <p class="muted small">{row.unset ? t("timeUnknown") : <time>{whole(row.ts)}</time>}</p>
      <p class="said" dir="auto">
        {row.deleted ? t("deleted") : plainText(wordsOf(row))}
      </p>
      {!row.deleted && (
        <div class="chips" role="group" aria-label={t("react")}>
          {quick.map((emoji) => (
            <button class="chip emoji" onClick={() => pick(emoji)}>
              {emoji}
            </button>
          ))}
          <button class="chip" aria-label={t("emoji")} onClick={() => open({ part: "emoji", pick })}>
            +
          </button>
        </div>
      )}
      {row.reactions.length > 0 && (
        <p class="muted small">
          {row.reactions.map((one) => t("whoReacted", { emoji: one.emoji, names: one.names.join(", ") })).join(" · ")}
        </p>
      )}
      <ul>
        {!row.deleted && (
          <Item text={t("reply")} act={() => (close(), startReply(room, row.seq))} />
        )}
        {mine && !row.deleted && <Item text={t("edit")} act={() => (close(), startEdit(room, row.seq, row.text))} />}
        {row.text && <Item text={t("copy")} act={() => (void copy(row.text), close())} />}
        <Item text={t("copyLink")} act={() => (void copy(linkTo(room, row.seq)), close())} />
        {!mine && !row.via && <Item text={t("whisper")} act={() => (close(), goDirect(row.from))} />}
        {!row.deleted && (mine || may(room.role.value, "delete_others")) && (
          <Item text={t("delete")} danger act={() => ask(true)} />
        )}
        {!mine && !row.deleted && !room.isDirect && !may(room.role.value, "delete_others") && (
          <Item text={t("report")} act={() => setReporting(true)} />
        )}
        {!mine && !room.isDirect && mayTo(room.role.value, "ban", theirs) && (
          <Item text={t("ban")} danger act={() => open({ ...them, act: "ban" })} />
        )}
        {!mine && (
          <Item text={t("about", { name: row.from })} act={() => open(them)} />
        )}
      </ul>
    </>
  );
}

/** What a browser needs before it shows anything: to be asked, at an address where it may be. */
function Notifying() {
  const [state, set] = useState(canNotify ? Notification.permission : "never");
  const request = () => void Notification.requestPermission().then(set);
  if (state === "default") {
    return (
      <button class="chip" onClick={request}>
        {t("notifyAllow")}
      </button>
    );
  }
  if (state === "denied") return <p class="muted small">{t("notifyBlocked")}</p>;
  return state === "never" ? <p class="muted small">{t("notifyNever")}</p> : null;
}

function Loud({ room }: { room: Room }) {
  const [loud, set] = useState<string>(loudness(room));
  const choose = (value: string) => {
    set(value);
    remember("loudness", { ...chosen.value, [room.name]: value as Loudness });
    chosen.value = recallAll("loudness");
    if (value !== "none" && canNotify) void Notification.requestPermission();
  };
  const names: [Loudness, Key][] = [
    ["all", "all"],
    ["mentions", "mentionsOnly"],
    ["none", "none"],
  ];
  return (
    <fieldset class="several">
      <legend>{t(canNotify ? "notifications" : "callMe")}</legend>
      {names.map(([value, key]) => (
        <Choice name="loud" value={value} now={loud} set={choose}>
          {t(key)}
        </Choice>
      ))}
      {loud !== "none" && <Notifying />}
      {loud !== "none" && (
        <label class="choice">
          <input type="checkbox" checked={sound.value === "on"} onChange={({ currentTarget }) => ring(currentTarget.checked)} />
          {t("sound")}
        </label>
      )}
    </fieldset>
  );
}

/** Heard at once: browsers are silent until then. */
function ring(on: boolean): void {
  sound.value = on ? "on" : "off";
  if (on) void import("./sound").then((part) => part.ring());
}

function Topic({ room }: { room: Room }) {
  const { wrong, run } = useRequest();
  const act = (event: Event) => {
    const topic = fields(event)("topic");
    run(() => chat.do({ type: "set", room: room.name, topic }));
  };
  return (
    <form onSubmit={act}>
      <label>
        {t("topic")}
        <input name="topic" maxLength={300} defaultValue={room.topic.value} />
      </label>
      <Wrong text={wrong} />
      <button class="main">{t("save")}</button>
    </form>
  );
}

function LiftBan({ room }: { room: Room }) {
  const { wrong, run } = useRequest();
  const act = (event: Event) => {
    const user = fields(event)("user");
    run(() => chat.do({ type: "unban", room: room.name, user }));
  };
  return (
    <form onSubmit={act}>
      <label>
        {t("unbanUser")}
        <span class="row-of">
          <input name="user" />
          <button class="chip">{t("unban")}</button>
        </span>
      </label>
      <Wrong text={wrong} />
    </form>
  );
}

export function RoomSheet({ what }: { what: Open }) {
  const room = what.room!;
  const role = room.role.value;
  const [sure, ask] = useState(false);
  const [closing, setClosing] = useState(false);
  const [looking, look] = useState(false);
  const [saving, save] = useState(false);
  const { wrong, run } = useRequest();
  const remove = () => run(() => chat.do({ type: "remove", room: room.name }));
  if (sure) {
    const text = t("removeRoomSure", { room: "#" + room.name });
    return <Sure text={text} yes={t("removeRoom")} act={remove} no={() => ask(false)} />;
  }
  const isPrivate = room.visibility.value === "private";
  if (closing) return <MakePrivate room={room} done={run} no={() => setClosing(false)} />;
  if (looking) return <><Title text={t("audit")} /><Audit room={room} /></>;
  if (saving) return <SaveAsText room={room} />;
  const archived = room.archived.value;
  const archive = () => run(() => chat.do({ type: "set", room: room.name, archived: archived ? "false" : "true" }));
  const makePublic = () => run(() => chat.do({ type: "set", room: room.name, visibility: "public" }));
  return (
    <>
      <Title text={room.label} />
      {!may(role, "topic") && room.topic.value && <p dir="auto">{room.topic.value}</p>}
      {!room.isDirect && may(role, "topic") && <Topic room={room} />}
      <Loud room={room} />
      {!room.isDirect && may(role, "pace") && !room.archived.value && <Pace room={room} />}
      {!room.isDirect && isPrivate && may(role, "invite") && <Inviting room={room} />}
      {!room.isDirect && may(role, "sanctions") && <Sanctions room={room} />}
      {!room.isDirect && may(role, "ban") && <LiftBan room={room} />}
      <ul>
        <Item text={t("search")} act={() => open({ part: "search", room })} />
        {!room.isDirect && <Item text={t("invite")} act={() => open({ part: "invite", room })} />}
        <Item text={t("exportRoom")} act={() => save(true)} />
        {!room.isDirect && may(role, "visibility") && <Item text={t(isPrivate ? "makePublic" : "makePrivate")} act={isPrivate ? makePublic : () => setClosing(true)} />}
        {!room.isDirect && may(role, "audit") && <Item text={t("audit")} act={() => look(true)} />}
        {!room.isDirect && may(role, "archive") && <Item text={t(archived ? "bringBack" : "archive")} act={archive} />}
        <Item text={t(room.isDirect ? "hide" : "leave")} act={() => (close(), void chat.membership.leave(room))} />
        {!room.isDirect && may(role, "remove") && <Item text={t("removeRoom")} danger act={() => ask(true)} />}
      </ul>
      <Wrong text={wrong} />
    </>
  );
}

async function create(name: string, topic: string, visibility: Visibility): Promise<void> {
  await chat.do({ type: "create", room: name, topic, visibility });
  const room = chat.roomOf(name);
  room.describe({ topic, visibility, role: "owner" });
  chat.show(room);
}

export function CreateRoom(_: { what: Open }) {
  const { wrong, run } = useRequest();
  const act = (event: Event) => {
    const field = fields(event);
    const room = field("room").replace(/^#\s*/, "");
    if (room) run(() => create(room, field("topic"), field("visibility") as Visibility).then(() => (screen.value = "room")));
  };
  return (
    <form onSubmit={act}>
      <Title text={t("create")} />
      <label>
        {t("roomName")}
        <input name="room" autofocus maxLength={64} />
      </label>
      <label>
        {t("topic")}
        <input name="topic" maxLength={300} />
      </label>
      <Choice name="visibility" value="public" now="public">
        {t("public")}
      </Choice>
      <Choice name="visibility" value="private" now="public">
        {t("private")}
      </Choice>
      <Wrong text={wrong} />
      <button class="main">{t("createIt")}</button>
    </form>
  );
}

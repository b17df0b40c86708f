// Muting, banning, putting out, and removing what somebody said: for how long, where, why.
import { useEffect, useState } from "preact/hooks";
import { chat, close } from "../app";
import type { NewcomersReply, OkReply } from "../protocol.gen";
import type { Room } from "../room";
import { t, type Key } from "../words";
import { setDoor, Until } from "./door";
import { askSanctions, erased, hasSay } from "./known";
import { Choice, fields, Title, useTry, Wrong } from "./sheet";

export type Kind = "mute" | "ban" | "kick" | "erase";

interface Whom {
  room: Room;
  name: string;
  /** Of the bridge, when that shows somebody by this name. */
  uid?: string;
}

const verbs: Record<Kind, Key> = { mute: "mute", ban: "ban", kick: "remove", erase: "eraseSaid" };

const day_s = 86400;
const spans: readonly (readonly [Key, seconds?: number])[] = [["hour", 3600], ["day", day_s], ["week", 604800], ["forEver"]];
/** How far back; 0 is all of it. */
const backs: readonly (readonly [Key, ms?: number])[] = [["nothing"], ["lastHour", 3600000], ["lastDay", 86400000], ["allOfIt", 0]];

function Pick({ name, title, of, now }: { name: string; title: Key; of: readonly (readonly [Key, number?])[]; now: number }) {
  return (
    <fieldset class="several">
      <legend>{t(title)}</legend>
      {of.map(([words], i) => (
        <Choice key={i} name={name} value={String(i)} now={String(now)}>
          {t(words)}
        </Choice>
      ))}
    </fieldset>
  );
}

function erase({ room, name }: Whom, everywhere: boolean, back_ms: number): Promise<number> {
  erased.value = 0;
  const where = everywhere ? {} : { room: room.name };
  const back = back_ms ? { last_ms: back_ms } : {};
  return chat.do({ type: "erase", user: name, ...where, ...back }).then(({ count }) => count);
}

/** What has been done: what it hits, what it does not, and what would stop whoever comes back. */
function Done({ name, kind, hit, count }: { name: string; kind: Kind; hit?: OkReply; count?: number }) {
  const { wrong, run } = useTry();
  const reach: readonly string[] = hit?.reach ?? [];
  const [told, tell] = useState<NewcomersReply | null>(null);
  const ask = () => run(() => setDoor("ask", 3600000, day_s).then(tell));
  return (
    <>
      <Title text={name} />
      <div role="status">
        {hit && <p>{t(kind === "mute" ? "isMuted" : "isBanned", { name })}</p>}
        {reach.includes("device") && <p>{t("hitsDevice")}</p>}
        {reach.includes("address") && <p>{t("hitsAddress")}</p>}
        {hit?.shared && <p>{t("hitsShared")}</p>}
        {count !== undefined && <p>{t("erasedCount", { n: count })}</p>}
      </div>
      {hit && kind === "ban" && <p class="muted small">{t("evades")}</p>}
      <Wrong text={wrong} />
      {told && <Until told={told} />}
      {hit && kind === "ban" && hasSay() && chat.newcomers.value === "open" && (
        <button class="chip" onClick={ask}>
          {t("askNewcomers")}
        </button>
      )}
      <button class="main" onClick={close}>
        {t("close")}
      </button>
    </>
  );
}

function Everywhere({ kind }: { kind: Kind }) {
  return (
    <>
      <label class="choice">
        <input type="checkbox" name="everywhere" />
        {t("everywhere")}
      </label>
      {kind !== "erase" && (
        <label class="choice">
          <input type="checkbox" name="device" />
          {t("deviceToo")}
        </label>
      )}
    </>
  );
}

type Field = (name: string) => string;

function sanction({ room, name, uid }: Whom, kind: "mute" | "ban", field: Field): Promise<OkReply> {
  const seconds = spans[Number(field("span"))]![1];
  const reason = field("reason");
  /* A device is never kept out for ever. */
  const lasts = seconds ? { seconds } : {};
  const where = field("everywhere") ? { scope: "gateway" as const } : { room: room.name };
  const reach = field("device") ? { reach: "device" as const } : {};
  const whom = uid ? { uid, from: name } : { user: name };
  return chat.do({ type: kind, ...whom, ...where, ...lasts, ...reach, ...(reason ? { reason } : {}) });
}

export function Sentence({ room, name, uid, kind }: Whom & { kind: Kind }) {
  const { wrong, run } = useTry();
  const [busy, setBusy] = useState(false);
  const [done, tell] = useState<{ hit?: OkReply; count?: number } | null>(null);
  useEffect(() => void (erased.value = 0), []);
  if (done) return <Done name={name} kind={kind} {...done} />;
  const erases = (kind === "ban" && !uid) || kind === "erase";
  const offered = kind === "ban" ? backs : kind === "erase" ? backs.slice(1) : [];
  const act = async (field: Field) => {
    if (kind === "kick") return chat.do({ type: "kick", room: room.name, user: name, reason: field("reason") }).then(close);
    const hit = kind === "erase" ? undefined : await sanction({ room, name, uid }, kind, field);
    if (hit) void askSanctions(room).catch(() => undefined); /* what lists show of it */
    const back = offered[Number(field("back"))]?.[1];
    const count = back === undefined ? undefined : await erase({ room, name }, field("everywhere") !== "", back);
    /* What is worth a word besides: how much went, and that an evader may come back. */
    if (count !== undefined || (kind === "ban" && hasSay())) tell({ hit, count });
    else close();
  };
  const submit = (event: Event) => {
    const field = fields(event);
    setBusy(true);
    run(() => act(field).finally(() => setBusy(false)));
  };
  return (
    <form onSubmit={submit}>
      <Title text={`${t(verbs[kind])} · ${name}`} />
      {(kind === "mute" || kind === "ban") && <Pick name="span" title="banFor" of={spans} now={0} />}
      {erases && <Pick name="back" title="eraseSaid" of={offered} now={0} />}
      {kind !== "kick" && !uid && hasSay() && <Everywhere kind={kind} />}
      {kind !== "erase" && (
        <label>
          {t("reason")}
          <input name="reason" maxLength={120} />
        </label>
      )}
      {busy && erases && <p role="status">{t("erasing", { n: erased.value })}</p>}
      <Wrong text={wrong} />
      <button class="main" disabled={busy}>
        {t(verbs[kind])}
      </button>
    </form>
  );
}

// The address of a room, as text and as a code for another phone's camera; and links that let in whom the
// gateway's door or a private room would not.
import { useEffect, useState } from "preact/hooks";
import { chat, type Open } from "../app";
import type { InviteLine } from "../protocol.gen";
import type { Room } from "../room";
import { language, t, type Key } from "../words";
import { Address } from "./address";
import { Inviting } from "./inviting";
import { hasSay } from "./known";
import { may } from "./may";
import { fields, Title, useTry, Wrong } from "./sheet";
import { lasting } from "./lasting";
import { linkTo } from "./ways";

const spans: readonly (readonly [hours: number, words: Key])[] = [
  [1, "hour"],
  [24, "day"],
  [168, "week"],
];

/** What is not said of a room is said of the gateway. */
const where = (room: Room | undefined) => (room ? { room: room.name } : {});

function Line({ line, revoke }: { line: InviteLine; revoke(): void }) {
  const over = !line.uses || !line.left_ms;
  return (
    <li class="row-of">
      <span class={over ? "muted" : undefined}>
        {over ? t("linkOver") : t("linkLeft", { n: line.uses, left: lasting(line.left_ms!, language) })}
        {line.by && (
          <span class="muted">
            {" · "}
            <bdi>{line.by}</bdi>
          </span>
        )}
      </span>
      <button type="button" class="chip danger" onClick={revoke}>
        {t("revoke")}
      </button>
    </li>
  );
}

function Links({ room }: { room?: Room }) {
  const [made, show] = useState("");
  const [lines, list] = useState<readonly InviteLine[]>([]);
  const { wrong, run } = useTry();
  const ask = () => chat.do({ type: "invite_links", ...where(room) }).then(({ links }) => list(links.filter((one) => one.room === room?.name)));
  useEffect(() => run(ask), [room]);
  const make = (event: Event) => {
    const field = fields(event);
    const wanted = { uses: Number(field("uses")) || 1, hours: Number(field("hours")) };
    run(() => chat.do({ type: "invite_link", ...where(room), ...wanted }).then(({ path }) => (show(location.origin + path), ask())));
  };
  const revoke = (id: number) => run(() => chat.do({ type: "revoke_link", ...where(room), id }).then(() => (show(""), ask())));
  return (
    <>
      {made ? (
        <Address address={made} />
      ) : (
        <form onSubmit={make}>
          <p>{t(room ? "linkHintRoom" : "linkHint")}</p>
          <div class="row-of">
            <label>
              {t("linkUses")}
              <input name="uses" type="number" min={1} max={1000} defaultValue="1" />
            </label>
            <label>
              {t("linkHours")}
              <select name="hours">
                {spans.map(([hours, words]) => (
                  <option key={hours} value={hours} selected={hours === 24}>
                    {t(words)}
                  </option>
                ))}
              </select>
            </label>
          </div>
          <button class="main">{t("linkMake")}</button>
        </form>
      )}
      <Wrong text={wrong} />
      {lines.length > 0 && (
        <section>
          <h2>{t("links")}</h2>
          <ul>
            {lines.map((line) => (
              <Line key={line.id} line={line} revoke={() => revoke(line.id)} />
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

export function Invite({ what }: { what: Open }) {
  const { room } = what;
  const [wide, widen] = useState(!room);
  const closed = room?.visibility.value === "private";
  const guarded = !closed && chat.newcomers.value !== "open";
  if (!room || wide) {
    return (
      <>
        <Title text={t("linkMake")} />
        <Links />
      </>
    );
  }
  return (
    <>
      <Title text={`${t("invite")} · #${room.title}`} />
      {closed && may(room.role.value, "invite") && <Inviting room={room} />}
      {closed && may(room.role.value, "invite_links") ? (
        <Links room={room} />
      ) : (
        <>
          <p>{t(closed ? "inviteHintPrivate" : guarded ? "inviteHintDoor" : "inviteHint")}</p>
          <Address address={linkTo(room)} />
        </>
      )}
      {guarded && hasSay() && (
        <button type="button" class="link" onClick={() => widen(true)}>
          {t("linkMake")}
        </button>
      )}
    </>
  );
}

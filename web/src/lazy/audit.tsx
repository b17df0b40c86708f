// What moderators did in a room, and what was reported to them: written by the gateway alone.
import { useEffect, useState } from "preact/hooks";
import { chat, close } from "../app";
import { whole } from "../dates";
import type { AuditLine } from "../protocol.gen";
import type { Room } from "../room";
import { t, type Key } from "../words";
import { useTry, Wrong } from "./sheet";

const acts: Partial<Record<AuditLine["act"], Key>> = {
  ban: "didBan",
  mute: "didMute",
  lift: "didLift",
  kick: "didKick",
  delete: "didDelete",
  erase: "didErase",
  role: "didRole",
  invite: "didInvite",
  report: "didReport",
  invite_link: "didLink",
  revoke_link: "didRevoke",
};

const page_lines = 30;

/** What is said of a message begins with its number. */
function Line({ room, line: { ts, by, act, user, reason = "" } }: { room: Room; line: AuditLine }) {
  const [, seq, text = reason] = /^message (\d+)(?:: )?(.*)$/.exec(reason) ?? [];
  const show = () => (close(), void chat.history.jump(room, Number(seq)));
  return (
    <li>
      <span class="muted small">{whole(ts)}</span>
      <br />
      <bdi>{by}</bdi> {t(acts[act] ?? "didOther")} {user && <bdi>{user}</bdi>}
      {text && <span class="muted"> · {text}</span>}
      {seq && (
        <button type="button" class="link" onClick={show}>
          {t("showRoom")}
        </button>
      )}
    </li>
  );
}

export function Audit({ room }: { room: Room }) {
  const [lines, show] = useState<readonly AuditLine[]>([]);
  const [more, know] = useState(false);
  const { wrong, run } = useTry();
  const ask = (before?: number) =>
    chat.do({ type: "audit", room: room.name, limit: page_lines, ...(before ? { before } : {}) }).then((told) => {
      show(before ? [...lines, ...told.lines] : told.lines);
      know(told.more);
    });
  useEffect(() => run(ask), [room]);
  return (
    <>
      {!lines.length && !wrong && <p>{t("auditNone")}</p>}
      <ul class="audit">
        {lines.map((line) => (
          <Line key={line.id} room={room} line={line} />
        ))}
      </ul>
      <Wrong text={wrong} />
      {more && (
        <button type="button" class="link" onClick={() => run(() => ask(lines[lines.length - 1]!.id))}>
          {t("more")}
        </button>
      )}
    </>
  );
}

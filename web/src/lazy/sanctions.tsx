// Who is banned or muted in a room, and lifting it.
import { useEffect } from "preact/hooks";
import { chat } from "../app";
import type { SanctionLine } from "../protocol.gen";
import type { Room } from "../room";
import { language, t } from "../words";
import { askSanctions, sanctions, whomOf } from "./known";
import { lasting } from "./lasting";
import { useTry, Wrong } from "./sheet";

function Line({ one, lift }: { one: SanctionLine; lift(): void }) {
  return (
    <li class="row-of">
      <span>
        <bdi>{whomOf(one)}</bdi>{" "}
        <span class="muted">
          {one.from && `(${one.user}) `}
          {t(one.kind === "ban" ? "stateBanned" : "stateMuted")} · {one.left_ms ? t("for", { left: lasting(one.left_ms, language) }) : t("forEver")}
          {!one.room && " · " + t("inAllRooms")}
          {one.reason && " · " + one.reason}
        </span>
      </span>
      <button type="button" class="chip" aria-label={`${t("lift")}: ${whomOf(one)}`} onClick={lift}>
        {t("lift")}
      </button>
    </li>
  );
}

/** All of them, or those of one person. */
export function Sanctions({ room, name }: { room: Room; name?: string }) {
  const { wrong, run } = useTry();
  const ask = () => askSanctions(room);
  useEffect(() => run(ask), [room]);
  const lines = sanctions.value.filter((one) => !name || whomOf(one) === name);
  if (!lines.length && !wrong) return null;
  return (
    <>
      <ul>
        {lines.map((one) => (
          <Line key={one.id} one={one} lift={() => run(() => chat.do({ type: "lift", id: one.id }).then(ask))} />
        ))}
      </ul>
      <Wrong text={wrong} />
    </>
  );
}

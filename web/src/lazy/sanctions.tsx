// Who is banned or muted in a room, and lifting it.
import { useEffect, useState } from "preact/hooks";
import { chat } from "../app";
import type { SanctionLine } from "../protocol.gen";
import type { Room } from "../room";
import { language, t } from "../words";
import { told, Wrong } from "./sheet";
import { lasting } from "./silent";

function Line({ one, lift }: { one: SanctionLine; lift(): void }) {
  return (
    <li class="row-of">
      <span>
        <bdi>{one.user}</bdi>{" "}
        <span class="muted">
          {t(one.kind)} · {one.left_ms ? lasting(one.left_ms, language) : t("forEver")}
          {one.reason && " · " + one.reason}
        </span>
      </span>
      <button class="chip" aria-label={`${t("lift")}: ${one.user}`} onClick={lift}>
        {t("lift")}
      </button>
    </li>
  );
}

export function Sanctions({ room }: { room: Room }) {
  const [lines, set] = useState<readonly SanctionLine[]>([]);
  const [wrong, setWrong] = useState("");
  const ask = () => chat.do({ type: "sanctions", room: room.name }).then(({ sanctions }) => set(sanctions));
  const refused = (error: Error) => setWrong(told(error));
  useEffect(() => void ask().catch(refused), [room]);
  return (
    <>
      <ul>
        {lines.map((one) => (
          <Line key={one.id} one={one} lift={() => void chat.do({ type: "lift", id: one.id }).then(ask).catch(refused)} />
        ))}
      </ul>
      <Wrong text={wrong} />
    </>
  );
}

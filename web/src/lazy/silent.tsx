// Why one cannot write here, and for how long.
import { useEffect, useState } from "preact/hooks";
import { chat } from "../app";
import type { Room } from "../room";
import { useSeconds } from "../views/status";
import { language, t } from "../words";
import { lasting } from "./lasting";
import { fields, useTry, Wrong } from "./sheet";

function Muted({ room }: { room: Room }) {
  const left = room.mutedUntil.value - chat.clock.now();
  useSeconds(true);
  useEffect(() => {
    if (left <= 0) room.mute(false);
  });
  /* The sentence is read out when it comes, not each second anew. */
  return (
    <p class="note silent">
      <span role="status">{t("mutedHere")}</span> {left < Infinity && t("mutedFor", { left: lasting(left, language) })}
    </p>
  );
}

/** At the door: one reads along, and may say who one is. */
function Waiting() {
  const [said, say] = useState("");
  const { wrong, run } = useTry();
  const knock = (event: Event) => {
    const text = fields(event)("text");
    run(() => chat.do({ type: "knock", text }).then(() => say(text)));
  };
  return (
    <form class="note silent" onSubmit={knock}>
      <p role="status">{t("waitingHere")}</p>
      <label>
        <span class="small">{t("sayWho")}</span>
        <span class="row-of">
          <input name="text" maxLength={120} autocomplete="off" />
          <button class="main">{t("send")}</button>
        </span>
      </label>
      {said && <p role="status">{t("saidWho", { text: said })}</p>}
      <Wrong text={wrong} />
    </form>
  );
}

export function Silent({ room }: { room: Room }) {
  if (chat.waiting.value) return <Waiting />;
  if (!room.readOnly.value) return <Muted room={room} />;
  return (
    <p class="note silent" role="status">
      {t(room.archived.value ? "archivedHere" : room.speak.value === "member" ? "onlyMembers" : "onlyModerators")}
    </p>
  );
}

// Who may write in a room, and how often.
import { chat } from "../app";
import type { Room } from "../room";
import type { Speaker } from "../protocol.gen";
import { language, t, type Key } from "../words";
import { lasting } from "./lasting";
import { Choice, useTry, Wrong } from "./sheet";

const speakers: readonly (readonly [Speaker, Key])[] = [
  ["guest", "everybody"],
  ["member", "membersOnly"],
  ["moderator", "moderatorsOnly"],
];

const paces = [0, 10, 60, 300];

export function Pace({ room }: { room: Room }) {
  const { wrong, run } = useTry();
  const set = (what: { speak?: Speaker; slow_seconds?: number }) => run(() => chat.do({ type: "set", room: room.name, ...what }));
  return (
    <>
      <fieldset class="several">
        <legend>{t("whoWrites")}</legend>
        {speakers.map(([role, words]) => (
          <Choice key={role} name="speak" value={role} now={room.speak.value} set={() => set({ speak: role })}>
            {t(words)}
          </Choice>
        ))}
      </fieldset>
      <fieldset class="several">
        <legend>{t("slowMode")}</legend>
        {paces.map((seconds) => (
          <Choice key={seconds} name="slow" value={String(seconds)} now={String(room.slowSeconds)} set={() => set({ slow_seconds: seconds })}>
            {seconds ? lasting(seconds * 1000, language) : t("off")}
          </Choice>
        ))}
      </fieldset>
      <Wrong text={wrong} />
    </>
  );
}

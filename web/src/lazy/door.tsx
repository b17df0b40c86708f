// The door of the gateway: what becomes of newcomers, who waits, and the links that let in.
import { useEffect, useState } from "preact/hooks";
import { chat, open, type Open } from "../app";
import type { NewcomersMode } from "../protocol.gen";
import { t, type Key } from "../words";
import { askKnocks } from "./known";
import { Knocks } from "./knocks";
import { Choice, Item, Title, useTry, Wrong } from "./sheet";

const modes: readonly (readonly [NewcomersMode, words: Key, hint: Key])[] = [
  ["open", "doorOpen", "doorOpenHint"],
  ["ask", "doorAsk", "doorAskHint"],
  ["invite", "doorInvite", "doorInviteHint"],
  ["closed", "doorClosed", "doorClosedHint"],
];

const hour_ms = 3600000;
const spoken: readonly (readonly [ms: number, words: Key])[] = [
  [0, "now"],
  [hour_ms, "hour"],
  [24 * hour_ms, "day"],
  [7 * 24 * hour_ms, "week"],
];

/** Who spoke longer ago than that is known; by the gateway's clock. */
export async function setDoor(mode: NewcomersMode, known_ms = 0): Promise<void> {
  const { time } = await chat.do({ type: "ping" });
  const told = await chat.do({ type: "newcomers", mode, spoke_before_ms: time - known_ms });
  chat.newcomers.value = told.mode;
  await askKnocks();
}

export function Door(_: { what: Open }) {
  const { wrong, run } = useTry();
  const [known, setKnown] = useState(0);
  const ask = () => chat.do({ type: "newcomers" }).then(({ mode }) => ((chat.newcomers.value = mode), askKnocks()));
  useEffect(() => run(ask), []);
  const mode = chat.newcomers.value;
  const since = (ms: number) => (setKnown(ms), run(() => setDoor("ask", ms)));
  return (
    <>
      <Title text={t("door")} />
      <fieldset>
        <legend>{t("newcomers")}</legend>
        {modes.map(([one, words, hint]) => (
          <Choice key={one} name="door" value={one} now={mode} set={() => run(() => setDoor(one, known))}>
            {t(words)}
            <br />
            <span class="muted small">{t(hint)}</span>
          </Choice>
        ))}
      </fieldset>
      {mode === "ask" && (
        <fieldset class="several">
          <legend>{t("knownSince")}</legend>
          {spoken.map(([ms, words]) => (
            <Choice key={ms} name="known" value={String(ms)} now={String(known)} set={() => since(ms)}>
              {t(words)}
            </Choice>
          ))}
        </fieldset>
      )}
      <Knocks />
      <Wrong text={wrong} />
      {mode !== "closed" && (
        <ul>
          <Item text={t("linkMake")} act={() => open({ part: "invite" })} />
        </ul>
      )}
    </>
  );
}

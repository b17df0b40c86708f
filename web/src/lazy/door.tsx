// The door of the gateway: what becomes of newcomers, who waits, and the links that let in.
import { useEffect, useState } from "preact/hooks";
import { chat, open, type Open } from "../app";
import { day, time } from "../dates";
import type { NewcomersMode, NewcomersReply } from "../protocol.gen";
import { language, t, type Key } from "../words";
import { askKnocks } from "./known";
import { Knocks } from "./knocks";
import { lasting } from "./lasting";
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

const whiles: readonly (readonly [seconds: number, words: Key])[] = [
  [0, "forEver"],
  [3600, "hour"],
  [86400, "day"],
  [7 * 86400, "week"],
];

async function take(asked: Promise<NewcomersReply>): Promise<NewcomersReply> {
  const told = await asked;
  chat.newcomers.value = told.mode;
  await askKnocks();
  return told;
}

/** Who spoke longer ago than known_ms is known, by the gateway's clock. Without seconds for good. */
export async function setDoor(mode: NewcomersMode, known_ms = 0, seconds = 0): Promise<NewcomersReply> {
  const { time } = await chat.do({ type: "ping" });
  const lasts = seconds ? { seconds } : {};
  return take(chat.do({ type: "newcomers", mode, spoke_before_ms: time - known_ms, ...lasts }));
}

/** How long it stays so, by the clock that the reader looks at, and what comes then. */
export function Until({ told: { mode, left_ms, afterwards } }: { told: NewcomersReply }) {
  if (!left_ms || !afterwards) return null;
  const now = Date.now();
  const end = `${day(now + left_ms, now)}, ${time(now + left_ms)}`;
  const named = (wanted: NewcomersMode) => t(modes.find(([one]) => one === wanted)![1]);
  const words = { now: named(mode), left: lasting(left_ms, language), end, then: named(afterwards) };
  return <p role="status">{t("doorUntil", words)}</p>;
}

export function Door(_: { what: Open }) {
  const { wrong, run } = useTry();
  const [known, setKnown] = useState(0);
  const [lasts, setLasts] = useState<number | null>(null); /* what has been chosen here */
  const [told, tell] = useState<NewcomersReply | null>(null);
  useEffect(() => run(() => take(chat.do({ type: "newcomers" })).then(tell)), []);
  const mode = chat.newcomers.value;
  const left = Math.ceil((told?.left_ms ?? 0) / 1000);
  const set = (one: NewcomersMode, ms: number, seconds: number) => run(() => setDoor(one, ms, seconds).then(tell));
  const since = (ms: number) => (setKnown(ms), set("ask", ms, lasts ?? left));
  const during = (seconds: number) => (setLasts(seconds), set(mode, known, seconds));
  return (
    <>
      <Title text={t("door")} />
      <Knocks />
      <fieldset>
        <legend>{t("newcomers")}</legend>
        {modes.map(([one, words, hint]) => (
          <Choice key={one} name="door" value={one} now={mode} set={() => set(one, known, lasts ?? 0)}>
            {t(words)}
            <br />
            <span class="muted small">{t(hint)}</span>
          </Choice>
        ))}
      </fieldset>
      {told && <Until told={told} />}
      <fieldset class="several">
        <legend>{t("doorFor")}</legend>
        {whiles.map(([seconds, words]) => (
          <Choice key={seconds} name="while" value={String(seconds)} now={String(lasts ?? (left ? null : 0))} set={() => during(seconds)}>
            {t(words)}
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
      <Wrong text={wrong} />
      {mode !== "closed" && (
        <ul>
          <Item text={t("linkMake")} act={() => open({ part: "invite" })} />
        </ul>
      )}
    </>
  );
}

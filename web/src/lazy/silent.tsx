// Why one cannot write here, and for how long.
import { useEffect } from "preact/hooks";
import { chat } from "../app";
import type { Room } from "../room";
import { useSeconds } from "../views/status";
import { language, t } from "../words";

const units: [unit: string, seconds: number][] = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

/** In the largest unit of which there are two or more: 90 seconds, 2 minutes. */
export function lasting(ms: number, language: string): string {
  const seconds = Math.max(1, Math.ceil(ms / 1000));
  const [unit, size] = units.find(([, size]) => seconds >= 2 * size) ?? units[3]!;
  const n = Math.ceil(seconds / size);
  return n.toLocaleString(language, { style: "unit", unit, unitDisplay: "long" } as Intl.NumberFormatOptions);
}

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

export function Silent({ room }: { room: Room }) {
  if (!room.readOnly.value) return <Muted room={room} />;
  return (
    <p class="note silent" role="status">
      {t(room.speak.value === "member" ? "onlyMembers" : "onlyModerators")}
    </p>
  );
}

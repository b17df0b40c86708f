// Times and days in the reader's language.
import { clock } from "./settings";
import { language } from "./words";

const day_ms = 86400000;
const made = new Map<string, unknown>();

/** Making a format costs milliseconds: one of each is kept. */
function kept<Format>(name: string, make: () => Format): Format {
  const key = language + name;
  if (!made.has(key)) made.set(key, make());
  return made.get(key) as Format;
}

/** As chosen; else by the device, whose region may have another clock than the page's language. */
function hourCycle() {
  return clock.value === "auto" ? kept("clock", () => new Intl.DateTimeFormat([], { hour: "2-digit" }).resolvedOptions().hourCycle) : clock.value;
}

function format(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const cycle = hourCycle();
  return kept(name + cycle, () => new Intl.DateTimeFormat(language, { ...options, hourCycle: cycle }));
}

export function time(ts: number): string {
  return format("time", { hour: "2-digit", minute: "2-digit" }).format(ts);
}

export function whole(ts: number): string {
  return format("whole", { dateStyle: "full", timeStyle: "medium" }).format(ts);
}

let known = 0;

/** A number that is the same for all times of one local day. Rows come in order, so most are of the
 * day asked for last; an hour's distance from its ends keeps clear of changes of the clock. */
export function dayOf(ts: number): number {
  const into = ts - known;
  if (into < 3600000 || into > day_ms - 3600000) known = new Date(ts).setHours(0, 0, 0, 0);
  return known;
}

export function day(ts: number, now: number): string {
  const days = Math.round((dayOf(ts) - dayOf(now)) / day_ms);
  if (days === 0 || days === -1) {
    const relative = kept("relative", () => new Intl.RelativeTimeFormat(language, { numeric: "auto" }));
    const text = relative.format(days, "day");
    return text.charAt(0).toLocaleUpperCase(language) + text.slice(1);
  }
  const year = new Date(ts).getFullYear() === new Date(now).getFullYear() ? undefined : "numeric";
  return format("day" + year, { weekday: "long", month: "long", day: "numeric", year }).format(ts);
}

// How long something lasts, in words.
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

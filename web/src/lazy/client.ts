// What other devices show of this one.

/** "Firefox, Android" */
export function clientName(): string {
  const agent = navigator.userAgent;
  const of = (...names: [RegExp, string][]) => names.find(([sign]) => sign.test(agent))?.[1] ?? "";
  const browser = of([/Edg/, "Edge"], [/Firefox/, "Firefox"], [/Chrom/, "Chrome"], [/Safari/, "Safari"]);
  const system = of([/Android/, "Android"], [/iPhone/, "iPhone"], [/iPad/, "iPad"], [/Windows/, "Windows"], [/Mac/, "Mac"], [/Linux/, "Linux"]);
  return [browser, system].filter(Boolean).join(", ") || "hearth-web";
}

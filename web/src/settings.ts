// What one has chosen on this device; kept over a reload.
import { effect, signal, type Signal } from "@preact/signals";
import { recall, remember } from "./memory";

const media = (query: string) => typeof matchMedia !== "undefined" && matchMedia(query);

/** A choice by the name it is kept under; whatever else is kept there counts as the first. */
function choice<Value extends string>(name: string, values: readonly [Value, ...Value[]]): Signal<Value> {
  const kept = recall<Value>(name, values[0]);
  const chosen = signal(values.includes(kept) ? kept : values[0]);
  effect(() => remember(name, chosen.value));
  return chosen;
}

export const theme = choice("theme", ["auto", "light", "dark", "contrast"]);
export const textSize = choice("size", ["usual", "small", "large", "largest"]);
export const rowsKind = choice("rowsKind", ["usual", "compact"]);
export const clock = choice("clock", ["auto", "h23", "h12"]);
export const sound = choice("sound", ["off", "on"]);
export const enterKey = choice("enter", ["auto", "send", "line"]);

/** Without a choice a keyboard's Enter sends, and one on a screen, where nothing else could, makes a new line. */
export function enterSends(): boolean {
  if (enterKey.value !== "auto") return enterKey.value === "send";
  const touch = media("(pointer: coarse)");
  return !(touch && touch.matches);
}

/** Puts what is chosen on the document, where the style reads it. */
export function showSettings(): void {
  const night = matchMedia("(prefers-color-scheme: dark)");
  const isNight = signal(night.matches);
  night.addEventListener("change", () => (isNight.value = night.matches));
  effect(() => {
    const { dataset } = document.documentElement;
    const chosen = theme.value;
    dataset.theme = chosen === "light" || chosen === "dark" ? chosen : isNight.value ? "dark" : "light";
    dataset.contrast = chosen === "contrast" ? "more" : "usual";
    dataset.size = textSize.value;
    dataset.rows = rowsKind.value;
  });
}

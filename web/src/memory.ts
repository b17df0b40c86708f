// Small things a browser remembers. Where there is no storage (captive and private windows) they
// last as long as the page.
const kept = new Map<string, string>();

export function recall<Value>(key: string, otherwise: Value): Value {
  let text: string | null | undefined;
  try {
    text = localStorage.getItem("hearth." + key);
  } catch {
    text = undefined;
  }
  text ??= kept.get(key);
  if (text === undefined) return otherwise;
  try {
    return JSON.parse(text) as Value;
  } catch {
    return otherwise;
  }
}

export function remember(key: string, value: unknown): void {
  const text = JSON.stringify(value);
  kept.set(key, text);
  try {
    localStorage.setItem("hearth." + key, text);
  } catch {
    /* full, or none */
  }
}

export function forget(key: string): void {
  kept.delete(key);
  try {
    localStorage.removeItem("hearth." + key);
  } catch {
    /* none */
  }
}

/** Calls back when another tab of this browser changes the value. */
export function onElsewhere(key: string, call: () => void): void {
  addEventListener("storage", (event) => {
    if (event.key === "hearth." + key) call();
  });
}

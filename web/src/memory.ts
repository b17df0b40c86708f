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

/** What is remembered by names that people choose: "constructor" is one of them. */
export function recallAll<Value>(key: string): Record<string, Value> {
  return Object.assign(Object.create(null), recall(key, {}));
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

/** Whether nothing outlasts this page: a private window, or the small one of a captive portal. */
export function isForgetful(): boolean {
  remember("try", 1);
  try {
    return localStorage.getItem("hearth.try") === null;
  } catch {
    return true;
  } finally {
    forget("try");
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

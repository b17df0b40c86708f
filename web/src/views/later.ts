import { useEffect, useState } from "preact/hooks";
import { chat, close, dialog } from "../app";
import { t, withWords } from "../words";

const failed_ms = 5000;

/** A part that the first drawing does without: null until it has come. Asked for whenever what is
 * wanted changes. */
export function useLater<Part>(wanted: unknown, load: () => Promise<Part>): Part | null {
  const [part, set] = useState<Part | null>(null);
  useEffect(() => {
    if (wanted && !part) withLooks(load()).then(set, partFailed);
  }, [wanted]);
  return part;
}

/** The part with the words it says and the style it wears. */
export async function withLooks<Part>(part: Promise<Part>): Promise<Part> {
  const [it] = await Promise.all([withWords(part), import("../lazy/looks").then(({ looks }) => looks())]);
  return it;
}

/** What a sheet is made of could not be had; nobody waits for other parts. Most browsers do not ask for
 * it again, so where there is a connection (the gateway is newer than this page) the page is: nothing
 * is lost by that. */
export function partFailed(): void {
  if (!dialog.peek()) return;
  close();
  if (chat.link.value.is === "open") location.reload();
  else chat.say({ key: "text", text: t("openPart") }, failed_ms);
}

import { useEffect, useState } from "preact/hooks";
import { chat, close } from "../app";
import { t } from "../words";

/** A part that the first drawing does without: null until it has come. */
export function useLater<Part>(wanted: boolean, load: () => Promise<Part>, failed = () => {}): Part | null {
  const [part, set] = useState<Part | null>(null);
  useEffect(() => {
    if (wanted && !part) load().then(set, failed);
  }, [wanted]);
  return part;
}

/** What a sheet is made of could not be had. Most browsers do not ask for it again, so where there is
 * a connection (the gateway is newer than this page) the page is: nothing is lost by that. */
export function partFailed(): void {
  close();
  if (chat.link.value.is === "open") location.reload();
  else chat.say({ key: "text", text: t("openPart") });
}

import { useEffect, useState } from "preact/hooks";

/** A part that the first drawing does without: null until it has come. One that could not be had is
 * asked for again when it is wanted again, as after a lost connection. */
export function useLater<Part>(wanted: boolean, load: () => Promise<Part>): Part | null {
  const [part, set] = useState<Part | null>(null);
  useEffect(() => {
    if (wanted && !part) load().then(set, () => undefined);
  }, [wanted]);
  return part;
}

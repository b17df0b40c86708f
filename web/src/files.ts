// Files of messages, as the log tells them, and as they wait to be said.

import type { FileLine } from "./protocol.gen";

export type { FileLine };

/** A file that is to be said: its id is empty until the gateway has all of it. */
export interface OwnFile extends FileLine {
  /** Under which its bytes lie in this browser (lazy/blobs.ts). */
  key: string;
  /** The upload that is under way. */
  upload?: string;
}

/** What stands for a message where only words can: its text, or what its files are called. */
export function wordsOf({ text, files }: { text: string; files?: readonly FileLine[] }): string {
  return text || (files?.map((file) => file.alt || file.name).join(", ") ?? "");
}

// The files of a message: boxes as large as what is fetched later into them, so that nothing jumps.
import type { FileLine } from "../files";
import type { Row } from "../log";
import type { Room } from "../room";
import { useLater } from "./later";

const most_px = 320;
const several_px = 160;

/** A picture as it is drawn; undefined: a row with a name. */
function boxOf({ width, height, gone }: FileLine, alone: boolean) {
  if (!width || !height || gone) return undefined;
  const scale = Math.min(1, most_px / width, (alone ? most_px : several_px) / height);
  return { width: width * scale + "px", aspectRatio: width + "/" + height };
}

export function Files({ room, row, files }: { room: Room; row: Row; files: readonly FileLine[] }) {
  const later = useLater(files, () => import("../lazy/files"));
  return (
    <div class="files">
      {files.map((file) => {
        const box = boxOf(file, files.length < 2);
        return (
          <div class={box ? "file" : "file other"} style={box}>
            {later && <later.File room={room} row={row} file={file} />}
          </div>
        );
      })}
    </div>
  );
}

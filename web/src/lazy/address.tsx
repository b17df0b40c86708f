// An address as text and as a code for another phone's camera.
import { t } from "../words";
import { qr } from "./qr";
import { copy } from "./sheet";

function path(cells: boolean[][]): string {
  let drawn = "";
  cells.forEach((row, y) => row.forEach((dark, x) => (drawn += dark ? `M${x} ${y}h1v1h-1z` : "")));
  return drawn;
}

export function Address({ address }: { address: string }) {
  const cells = qr(address);
  const size = cells?.length ?? 0;
  return (
    <>
      {cells && (
        <svg class="code" viewBox={`-4 -4 ${size + 8} ${size + 8}`} role="img" aria-label={address}>
          <path d={path(cells)} shape-rendering="crispEdges" />
        </svg>
      )}
      <input readOnly aria-label={t("copyLink")} value={address} onFocus={(event) => event.currentTarget.select()} />
      <button type="button" class="main" onClick={() => void copy(address)}>
        {t("copyLink")}
      </button>
    </>
  );
}

// What one reads stays where it is while rows come, go and grow above it. Browsers do this by
// themselves, but not all of them and not whenever the first row changes, so here they do not.

function top(row: HTMLElement): number {
  return row.offsetTop;
}

export class Anchor {
  private row: HTMLElement | null = null;
  private top = 0;

  /** The row to hold on to. */
  at(row: HTMLElement | null): void {
    this.row = row;
    this.top = row ? top(row) : 0;
  }

  /** Remembers the first row in sight: after each scroll. */
  mark(box: HTMLElement): void {
    const rows = box.firstElementChild!.children as HTMLCollectionOf<HTMLElement>;
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (top(rows[middle]!) < box.scrollTop) low = middle + 1;
      else high = middle;
    }
    while (low < rows.length && !rows[low]!.dataset.seq) low++;
    this.at(rows[low] ?? null);
  }

  /** Scrolls by as much as that row has moved: after each drawing, and when rows turn out taller. */
  hold(box: HTMLElement): void {
    if (!this.row?.isConnected) return this.mark(box);
    const moved = top(this.row) - this.top;
    this.top += moved;
    if (moved) box.scrollTop += moved;
  }
}

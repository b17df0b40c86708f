// What fingers, a mouse and keys do with a picture: larger, smaller, moved about; a swipe leads to the next
// one, or away.

interface Wishes {
  step(by: number): void;
  close(): void;
}

interface Point {
  x: number;
  y: number;
}

const most = 8;
const swipe_px = 60;
const step_factor = 1.5;
const double_ms = 300;

const between = (a: Point, b: Point) => Math.hypot(a.x - b.x, a.y - b.y);
const middle = (a: Point, b: Point) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });

export class Zoom {
  private scale = 1;
  private moved: Point = { x: 0, y: 0 };
  private fingers = new Map<number, Point>();
  /** Where the one finger went down. */
  private down: Point | null = null;
  private lastTap = 0;
  private readonly stop = new AbortController();

  constructor(
    private readonly stage: HTMLElement,
    private readonly wishes: Wishes,
  ) {
    const { signal } = this.stop;
    stage.addEventListener("pointerdown", (event) => this.pressed(event), { signal });
    stage.addEventListener("pointermove", (event) => this.went(event), { signal });
    for (const name of ["pointerup", "pointercancel"] as const) {
      stage.addEventListener(name, (event) => this.lifted(event, name === "pointerup"), { signal });
    }
    stage.addEventListener("wheel", (event) => this.wheel(event), { signal, passive: false });
    addEventListener("keydown", (event) => this.key(event), { signal });
  }

  end(): void {
    this.stop.abort();
  }

  private isFilm(event: Event): boolean {
    return event.target instanceof HTMLVideoElement;
  }

  private pressed(event: PointerEvent): void {
    if (this.isFilm(event) || (event.target as HTMLElement).closest("button")) return;
    this.fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.stage.setPointerCapture(event.pointerId);
    this.down = this.fingers.size === 1 ? { x: event.clientX, y: event.clientY } : null;
  }

  private went(event: PointerEvent): void {
    const before = this.fingers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    const other = [...this.fingers].find(([id]) => id !== event.pointerId)?.[1];
    this.fingers.set(event.pointerId, now);
    if (other) this.to((this.scale * between(now, other)) / (between(before, other) || 1), middle(now, other));
    else if (this.scale > 1) this.move(now.x - before.x, now.y - before.y);
  }

  private lifted(event: PointerEvent, up: boolean): void {
    const from = this.down;
    this.fingers.delete(event.pointerId);
    this.down = null;
    if (!from || !up) return;
    const [x, y] = [event.clientX - from.x, event.clientY - from.y];
    if (Math.hypot(x, y) < 10) this.tapped(event);
    else if (this.scale === 1) this.swiped(x, y, event.pointerType);
  }

  private tapped(event: PointerEvent): void {
    const twice = event.timeStamp - this.lastTap < double_ms;
    this.lastTap = twice ? 0 : event.timeStamp;
    if (twice) this.to(this.scale > 1 ? 1 : 2.5, { x: event.clientX, y: event.clientY });
  }

  private swiped(x: number, y: number, by: string): void {
    if (Math.abs(x) > swipe_px && Math.abs(x) > 2 * Math.abs(y)) this.wishes.step((x < 0 ? 1 : -1) * (document.dir === "rtl" ? -1 : 1));
    else if (by === "touch" && y > 2 * swipe_px && y > 2 * Math.abs(x)) this.wishes.close();
  }

  private wheel(event: WheelEvent): void {
    if (this.isFilm(event)) return;
    event.preventDefault();
    this.to(this.scale * Math.exp(-event.deltaY / 400), { x: event.clientX, y: event.clientY });
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey) return;
    const { left, top, width, height } = this.stage.getBoundingClientRect();
    const center = { x: left + width / 2, y: top + height / 2 };
    if (event.key === "+" || event.key === "=") this.to(this.scale * step_factor, center);
    else if (event.key === "-") this.to(this.scale / step_factor, center);
    else if (event.key === "0") this.to(1, center);
  }

  /** The point under the fingers stays where it is. */
  private to(scale: number, at: Point): void {
    const next = Math.min(most, Math.max(1, scale));
    const { left, top, width, height } = this.stage.getBoundingClientRect();
    const [x, y] = [at.x - left - width / 2, at.y - top - height / 2];
    const by = next / this.scale;
    this.scale = next;
    this.moved = { x: x - (x - this.moved.x) * by, y: y - (y - this.moved.y) * by };
    this.move(0, 0);
  }

  private move(x: number, y: number): void {
    const { width, height } = this.stage.getBoundingClientRect();
    const reach = (this.scale - 1) / 2;
    const held = (at: number, most: number) => Math.max(-most, Math.min(most, at));
    this.moved = { x: held(this.moved.x + x, width * reach), y: held(this.moved.y + y, height * reach) };
    for (const picture of this.stage.querySelectorAll("img")) {
      picture.style.transform = `translate(${this.moved.x}px, ${this.moved.y}px) scale(${this.scale})`;
    }
  }
}

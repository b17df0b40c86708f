// Pictures are made small here, where they are chosen: neither the link nor the gateway's disk has to carry
// what a camera makes, and the gateway never decodes one.
import type { Key } from "../words";

export interface Ready {
  file: Blob;
  name: string;
  type: string;
  width?: number;
  height?: number;
  /** A small picture of it. */
  preview?: Blob;
}

/** It cannot be made small here; why, in words. */
export class Unfit extends Error {
  constructor(readonly words: Key) {
    super(words);
  }
}

const most_px = 1600;
const preview_px = 320;
const quality = 0.8;
/** What every browser can decode and draw; above, some give an empty picture and others die. */
const side_px_max = 16384;
const area_px_max = 120e6;
const head_bytes = 1 << 18;

const shown = /^image\/(jpeg|png|gif|webp|avif)$/;
const bitmaps = /^image\/(jpeg|png|gif|webp|avif|bmp|hei[cf])/;
const heic = /\.hei[cf]$/i;

const isHeic = ({ type, name }: File) => /hei[cf]/.test(type) || heic.test(name);

/** Whether it is a picture that a browser may be able to draw. What is drawn by rules (SVG) is a file. */
export function isPicture(file: File): boolean {
  return bitmaps.test(file.type) || heic.test(file.name);
}

/** The same shape, its longer side at most so long. */
export function fitted(width: number, height: number, most: number): [number, number] {
  const scale = Math.min(1, most / Math.max(width, height));
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
}

const endings: Record<string, string> = { "image/webp": "webp", "image/jpeg": "jpg" };

/** Its name, ending as what it has become. */
export function renamed(name: string, type: string): string {
  return `${name.replace(/\.\w{1,5}$/, "") || "picture"}.${endings[type]}`;
}

/** Whether these first bytes are of a picture that moves (Latin-1): GIF with a loop or two frames, WebP and PNG by their own sign. */
export function moves(head: string): boolean {
  if (head.startsWith("GIF8")) return /NETSCAPE2\.0|\x21\xf9\x04[^]*\x21\xf9\x04/.test(head);
  if (head.startsWith("\x89PNG") || head.startsWith("\u2030PNG")) return /acTL[^]*IDAT/.test(head);
  return /^RIFF[^]{4}WEBPVP8X/.test(head) && head.includes("ANIM");
}

async function isAnimated(file: File): Promise<boolean> {
  const bytes = await file.slice(0, head_bytes).arrayBuffer();
  return moves(new TextDecoder("latin1").decode(bytes));
}

async function decoded(file: File): Promise<HTMLImageElement> {
  const picture = new Image();
  picture.src = URL.createObjectURL(file);
  const loaded = new Promise((resolve, reject) => {
    picture.onload = resolve;
    picture.onerror = reject;
  });
  await loaded.catch(() => {
    throw new Unfit(isHeic(file) ? "heicHere" : "pictureBroken");
  });
  const { naturalWidth: width, naturalHeight: height } = picture;
  if (Math.max(width, height) > side_px_max || width * height > area_px_max) throw new Unfit("pictureTooLarge");
  await picture.decode().catch(() => {
    throw new Unfit("pictureTooLarge");
  });
  return picture;
}

function canvasOf(width: number, height: number): [HTMLCanvasElement, CanvasRenderingContext2D] {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (!context) throw new Unfit("pictureTooLarge");
  return [canvas, context];
}

/** Browsers that guard against being recognised give back other pixels than were drawn. */
function canvasTells(): boolean {
  const [, context] = canvasOf(1, 1);
  context.fillStyle = "#c83264";
  context.fillRect(0, 0, 1, 1);
  const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
  return Math.abs(red! - 200) + Math.abs(green! - 50) + Math.abs(blue! - 100) < 24;
}

/** What came of it: some browsers give a PNG, or nothing, when asked for what they cannot write. */
async function written(canvas: HTMLCanvasElement, type: string): Promise<Blob | null> {
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, type, quality));
  return blob?.type === type ? blob : null;
}

async function within(picture: HTMLImageElement, most: number): Promise<Ready> {
  const [width, height] = fitted(picture.naturalWidth, picture.naturalHeight, most);
  const [canvas, context] = canvasOf(width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, width, height);
  let file = await written(canvas, "image/webp");
  if (!file) {
    /* JPEG knows nothing that shines through. */
    context.globalCompositeOperation = "destination-over";
    context.fillStyle = "#fff";
    context.fillRect(0, 0, width, height);
    file = await written(canvas, "image/jpeg");
  }
  if (!file) throw new Unfit("pictureTooLarge");
  return { file, name: "", type: file.type, width, height };
}

const asItIs = (file: File): Ready => ({ file, name: file.name, type: file.type || "application/octet-stream" });

async function small(file: File, picture: HTMLImageElement, original: boolean): Promise<Ready> {
  if (!canvasTells()) throw new Unfit("canvasGuarded");
  const preview = await within(picture, preview_px);
  const whole: Ready = { ...asItIs(file), width: picture.naturalWidth, height: picture.naturalHeight };
  const made = original || (await isAnimated(file)) ? whole : await within(picture, most_px);
  /* One that was small already is not made larger. */
  const best = made !== whole && made.width === whole.width && shown.test(file.type) && file.size <= made.file.size ? whole : made;
  const named = best === whole ? whole : { ...best, name: renamed(file.name, best.type) };
  return preview.file.size * 2 < named.file.size ? { ...named, preview: preview.file } : named;
}

/** What is sent of it. Throws Unfit. The original is sent as it is, though no browser can draw it. */
export async function prepared(file: File, original: boolean): Promise<Ready> {
  if (!isPicture(file)) return asItIs(file);
  let picture: HTMLImageElement | undefined;
  try {
    picture = await decoded(file);
    return await small(file, picture, original);
  } catch (error) {
    if (original) return asItIs(file);
    throw error;
  } finally {
    if (picture) URL.revokeObjectURL(picture.src);
  }
}

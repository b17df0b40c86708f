// The gateway's side of files in plain arrays: takes whole bodies and pieces, can lose the link in the middle,
// forget what had arrived, and refuse.

interface Stored {
  name: string;
  bytes: number;
}

const answer = (status: number, body: object = {}, headers: Record<string, string> = {}) =>
  new Response(status === 204 ? null : JSON.stringify(body), { status, headers });

const aborted = (signal: AbortSignal) =>
  new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(new DOMException("", "AbortError"))));

export class FileGateway {
  stored = new Map<string, Stored>();
  uploads = new Map<string, Stored & { size: number }>();
  requests: string[] = [];
  refuse: { status: number; body: object } | null = null;
  /** The link breaks after so many requests; what the last one carried has arrived. */
  breaksAfter = Infinity;
  /** From this request on nothing is answered. */
  silentFrom = Infinity;
  private count = 0;

  constructor() {
    globalThis.fetch = (path, init) => this.fetch(String(path), init ?? {});
  }

  private async fetch(path: string, { method = "GET", body, headers, signal }: RequestInit): Promise<Response> {
    this.requests.push(`${method} ${path.replace(/\d+$/, "N")}`);
    if (this.requests.length >= this.silentFrom && method !== "DELETE") await aborted(signal!);
    const reply = this.refuse ? answer(this.refuse.status, this.refuse.body) : this.handle(path, method, body as Blob, headers as Record<string, string>);
    if (this.requests.length === this.breaksAfter) throw new TypeError("the link broke");
    return reply;
  }

  private handle(path: string, method: string, body: Blob | undefined, headers: Record<string, string>): Response {
    const name = decodeURIComponent(/UTF-8''(.*)/.exec(headers["Content-Disposition"] ?? "")?.[1] ?? "");
    if (path.includes("?size=")) return this.begin(Number(path.split("size=")[1]), name);
    if (method === "POST") return this.store({ name, bytes: body!.size });
    const id = path.split("/").pop()!;
    const upload = this.uploads.get(id);
    if (!upload) return answer(404, { error_code: "message_not_found", message: "" });
    if (method === "HEAD") return new Response(null, { status: 200, headers: { "Upload-Offset": String(upload.bytes) } });
    if (method === "DELETE") return this.uploads.delete(id) && answer(204);
    return this.piece(id, upload, body!, Number(headers["Upload-Offset"]));
  }

  private begin(size: number, name: string): Response {
    const id = "u" + ++this.count;
    this.uploads.set(id, { name, bytes: 0, size });
    return answer(201, { upload: { id, size, offset: 0 } });
  }

  private piece(id: string, upload: Stored & { size: number }, body: Blob, offset: number): Response {
    if (offset !== upload.bytes) return answer(409, {}, { "Upload-Offset": String(upload.bytes) });
    upload.bytes += body.size;
    if (upload.bytes < upload.size) return answer(204, {}, { "Upload-Offset": String(upload.bytes) });
    return this.store(upload);
  }

  private store(file: Stored): Response {
    const id = "f" + ++this.count;
    this.stored.set(id, file);
    return answer(201, { file: { id, name: file.name, type: "image/webp", size: file.bytes } });
  }
}

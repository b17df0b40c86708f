// The same page over https: where it is, and whether this device trusts it.

/** What the gateway says of it at /api/v1/server. */
export interface Secure {
  mode: "files" | "local_ca";
  port: number;
  redirect: boolean;
  /** A sentence for whoever looks after the gateway; empty when all is well. */
  warning: string;
}

const patience_ms = 5000;

interface Server {
  /** Where others in the network reach it. */
  address: string;
  tls?: Secure;
}

export async function serverOf(): Promise<Server | undefined> {
  try {
    return (await (await fetch("/api/v1/server", { cache: "no-store" })).json()) as Server;
  } catch {
    return undefined;
  }
}

/** Nothing where there is no TLS. */
export function secureOf(): Promise<Secure | undefined> {
  return serverOf().then((server) => server?.tls);
}

export function secureAddress({ port }: Secure, path = "/"): string {
  return `https://${location.hostname}${port === 443 ? "" : ":" + port}${path}`;
}

/** By using it: a browser that does not trust the certificate does not answer at all. */
export async function isTrusting(secure: Secure): Promise<boolean> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), patience_ms);
  try {
    const reply = await fetch(secureAddress(secure, "/healthz"), { cache: "no-store", credentials: "omit", signal: patience.signal });
    return reply.status > 0;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

/** Where the gateway wishes it, a device that was found to trust it goes to https by itself; nobody else is sent.
 * The page /trust tries it once more and brings one here again when it does not work: this page's policy lets it
 * speak to nobody else. */
export async function goSecure(wished: boolean, movingPath: () => Promise<string>): Promise<void> {
  const secure = await secureOf();
  if (secure && (wished || secure.redirect)) location.replace("/trust#" + encodeURIComponent(await movingPath()));
}

/** Where one was before /trust; nothing when one came by oneself. Always on this gateway. */
export function placeBefore(): string {
  try {
    const place = decodeURIComponent(location.hash.slice(1));
    const { origin, pathname, search, hash } = new URL(place, location.origin);
    return place && origin === location.origin ? pathname + search + hash : "";
  } catch {
    return "";
  }
}

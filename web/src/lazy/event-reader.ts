// Server-sent events, https://html.spec.whatwg.org/multipage/server-sent-events.html

/** Splits an event stream into its data. */
export function eventReader(tell: (data: string) => void): (text: string) => void {
  let rest = "";
  return (text) => {
    rest += text;
    const events = rest.split(/\r?\n\r?\n/);
    rest = events.pop()!;
    for (const event of events) {
      const lines = event.split(/\r?\n/).filter((line) => line.startsWith("data:"));
      if (lines.length) tell(lines.map((line) => line.slice(line[5] === " " ? 6 : 5)).join("\n"));
    }
  };
}

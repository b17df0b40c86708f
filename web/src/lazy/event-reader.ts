// Server-sent events, https://html.spec.whatwg.org/multipage/server-sent-events.html

/** Splits an event stream into its data and ids; an event without an id has an empty one. */
export function eventReader(tell: (data: string, id: string) => void): (text: string) => void {
  let rest = "";
  return (text) => {
    rest += text;
    const events = rest.split(/\r?\n\r?\n/);
    rest = events.pop()!;
    for (const event of events) {
      const values = (field: string) =>
        event
          .split(/\r?\n/)
          .filter((line) => line.startsWith(field + ":"))
          .map((line) => line.slice(field.length + (line[field.length + 1] === " " ? 2 : 1)));
      const data = values("data");
      if (data.length) tell(data.join("\n"), values("id").pop() ?? "");
    }
  };
}

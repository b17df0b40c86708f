// The style of what is fetched later.

/** Put in by build.mjs. */
declare const page_later_style: string;

let there: Promise<void> | undefined;

/** Done when it is there, or could not be had: then it is asked for again with the next part. */
export function looks(): Promise<void> {
  there ??= new Promise((done) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = page_later_style;
    link.onload = () => done();
    link.onerror = () => {
      link.remove();
      there = undefined;
      done();
    };
    document.head.append(link);
  });
  return there;
}

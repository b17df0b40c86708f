// Standard Webhooks' own library looks at what was posted: {"secret", "posts": [{"headers", "body"}]} in, and for each
// post what it says, out: "fine" or why it is not.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { Webhook } = createRequire(`${process.env.HEARTH_WEBHOOK_MODULES}/`)("standardwebhooks");
const { secret, posts } = JSON.parse(readFileSync(0, "utf8"));
const own = new Webhook(secret);

function look({ headers, body }) {
  try {
    own.verify(body, headers);
    return "fine";
  } catch (error) {
    return error.message;
  }
}

console.log(JSON.stringify(posts.map(look)));

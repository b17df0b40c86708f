// Three pictures of a lively room: a phone by day, a phone at night, a desk.
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { closeBrowser, desk, hears, phone, say, speaker, world } from "./support.mjs";

const folder = join(dirname(fileURLToPath(import.meta.url)), "../../web/screenshots");
mkdirSync(folder, { recursive: true });

async function talk(daemon) {
  const [alice, bob, minjun] = [await speaker(daemon, "alice"), await speaker(daemon, "bob"), await speaker(daemon, "민준")];
  for (const room of ["logistics", "의료", "kitchen"]) await alice.ask({ type: "create", room, topic: "" });
  await alice.say("Good morning! The hotspot in the community hall is up again.");
  await alice.say("Battery is at **82 %**, should last until the evening.");
  const { seq } = await bob.say("좋은 아침입니다. 저는 지금 2층 회의실에 있어요. `systemctl restart hostapd`");
  for (const one of [alice, bob, minjun]) await one.ask({ type: "react", room: "lobby", target: seq, emoji: "👍", on: true });
  return { alice, bob, minjun, seq };
}

/** The garden, drawn in the browser. */
async function garden(page) {
  const drawn = await page.evaluate(() => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [1600, 900];
    const context = canvas.getContext("2d");
    const fill = (style, points) => {
      context.fillStyle = style;
      context.beginPath();
      points.forEach(([x, y]) => context.lineTo(x, y));
      context.fill();
    };
    fill("#bfe3f2", [[0, 0], [1600, 0], [1600, 900], [0, 900]]);
    context.fillStyle = "#ffd76a";
    context.beginPath();
    context.arc(1250, 210, 90, 0, 7);
    context.fill();
    fill("#8fb9a0", [[0, 480], [380, 260], [800, 500], [1120, 330], [1600, 520], [1600, 900], [0, 900]]);
    fill("#5d9460", [[0, 620], [700, 520], [1600, 640], [1600, 900], [0, 900]]);
    for (let i = 0; i < 6; i++) fill(i % 2 ? "#7a5a3c" : "#8d6a48", [[560 + i * 80, 640], [640 + i * 80, 640], [i * 267 + 267, 900], [i * 267, 900]]);
    return canvas.toDataURL("image/png").split(",")[1];
  });
  return { name: "garden.png", mimeType: "image/png", buffer: Buffer.from(drawn, "base64") };
}

/** Somebody shows a picture. */
async function show(page, text) {
  const chooser = page.waitForEvent("filechooser");
  await page.click(".clip");
  await (await chooser).setFiles(await garden(page));
  await page.waitForSelector(".thumb img");
  await page.fill(".details input", "The garden behind the hall");
  await say(page, text);
  await page.waitForSelector(".row:not(.pending) .picture img");
}

async function scene({ person, daemon }, options, file, name) {
  const { alice, bob, minjun, seq } = await talk(daemon);
  const others = await Promise.all([person("hana", desk), person("jun", desk)]);
  const page = await person(name, options);
  await hears(page, "Battery is at 82 %, should last until the evening.");
  await alice.ask({ type: "send", room: "lobby", text: `@${name} can you check the water meter when you get there?`, nonce: "q", reply_to: seq });
  await say(page, "On my way, see http://10.0.0.1/notes");
  await hears(page, "On my way, see http://10.0.0.1/notes");
  await show(others[0], "The beds are dug!");
  await minjun.say("Meter reads 40213.\n- kitchen: fine\n- garden: *leaks*");
  await bob.say("고마워요! 🙏");
  await hears(page, "고마워요! 🙏");
  if (options === desk)
    for (const room of ["logistics", "의료", "lobby"]) {
      await page.click(`.rooms .line:has-text('${room}')`);
      await page.waitForSelector(`.title:has-text('${room}')`);
    }
  for (const text of ["Truck arrives at noon", "Two pallets of water", "Who has the keys?"]) await alice.say(text, "logistics");
  await alice.say(`@${name} please call me`, "의료");
  await page.waitForFunction(() => [...document.querySelectorAll(".picture img")].every((one) => one.complete && one.naturalWidth));
  await others[0].type("#composer", "I am on");
  await page.waitForSelector(".typing:text('hana')");
  await page.waitForSelector(".microphone");
  await page.focus("#composer").catch(() => undefined);
  await page.waitForTimeout(500);
  await page.screenshot({ path: join(folder, file), animations: "disabled", caret: "hide" });
}

await world((here) => scene(here, phone, "phone-light.png", "mina"))();
await world((here) => scene(here, { ...phone, colorScheme: "dark" }, "phone-dark.png", "mina"))();
await world((here) => scene(here, desk, "desktop.png", "mina"))();
await closeBrowser();

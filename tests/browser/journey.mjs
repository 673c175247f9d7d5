// The one screen against a running demo: node journey.mjs http://127.0.0.1:PORT SECONDS [PICTURE.png]. Show the code, enter, report the loss, watch the gate turn red,
// replace; prints the measured seconds, which may be SECONDS at most. By the buttons of the page only, as a visitor would; every refusal is read from the gate's own panel.
import { axe, check, end, launch, until } from "./lib.mjs";

const [base, within, picture] = process.argv.slice(2);
if (!within) {
  console.error("usage: node journey.mjs BASE-URL SECONDS [PICTURE.png]");
  process.exit(2);
}
const browser = await launch();
const page = await browser.newPage({ viewport: { width: 1366, height: 940 }, locale: "zh-CN" });
const noise = [];
page.on("pageerror", (e) => noise.push(String(e)));
page.on("console", (m) => m.type() === "error" && /Content Security Policy/.test(m.text()) && noise.push(m.text()));
page.on("request", (r) => r.url().startsWith(base) || noise.push(`asks ${r.url()}`));
const words = () => page.locator("[data-words]").innerText(), frame = (name) => page.frames().find((f) => f.name() === name);
async function press(step, ok) {
  await page.locator(`[data-step=${step}]`).click();
  return until(() => ok().catch(() => false));
}

// each looked at once: a frame that is on its way to another page has no such element, and is asked again
const brief = { timeout: 1000 };
const code = () => frame("phone").locator("[data-code]").textContent(brief), verdict = () => frame("gate").locator("#gate").getAttribute("class", brief);
const showCode = () => press("show", async () => (await code()).startsWith("YK1:"));
const enter = () => press("enter", async () => (await verdict()) === "verdict-pass");
const lose = () => press("lose", async () => /^\d+\.\d\d$/.test(await page.locator("[data-seconds]").innerText()));
const replace = () => press("replace", async () => {
  const said = await words();
  return said === await page.locator("#demo").getAttribute("data-t-replaced") || said === await page.locator("#demo").getAttribute("data-t-next");
});

await page.goto(base, { waitUntil: "load" });
check("the one screen: axe", !(await axe(page)), await axe(page));
check("phone: shows a code of its own", await showCode());
check("gate: lets in", await enter(), await words());
check("gate: red after the loss report", await lose(), await words());
const seconds = Number(await page.locator("[data-seconds]").innerText());
check(`gate: red within ${within} s`, seconds > 0 && seconds <= Number(within), String(seconds));
check("gate: says why", (await verdict()) === "verdict-refused" && (await frame("gate").locator("[data-reason]").innerText()).length > 3);
// a line shows once its block is sealed, each second
check("record line: has the loss and the refusal", await until(async () => await frame("records").locator(".record-line li.refused").count() >= 1));
const lines = await frame("records").locator(".record-line").innerText();
check("record line: in words, no code words", !/\b[a-z]+_[a-z]+\b|\b(holder|staff|terminal|job)\b/.test(lines), lines.slice(0, 300));
check("phone: shows the reason instead of a code", await until(async () => await frame("phone").locator(".code-none").count() === 1));
if (picture) { // docs/pictures/one-screen.png is made so
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: picture });
}
const activations = [];
page.on("request", (r) => /\/v1\/cards\/crd_[^/]+\/activations$/.test(r.url()) && activations.push(r));
const made = page.waitForResponse((r) => /\/v1\/cards\/crd_[^/]+\/replacements$/.test(r.url()));
const resident = () => page.locator("[data-resident]").innerText(), before = await resident();
check("counter: replaces", await replace(), await words());
const card = await (await made).json();
check("the new card's last four are on the screen", await until(async () => await resident() === `****${card.card_no.slice(-4)}`) && await resident() !== before, `${before} ${await resident()}`);
check("the new card, and no bank account without its holder", activations.length === 1 && activations[0].url().endsWith(`/${card.new_card}/activations`) &&
  activations[0].postData() === '{"bank":false}', activations.map((r) => `${r.url()} ${r.postData()}`).join());
check("the counter shows the new card", await until(async () => (await frame("counter").locator("main").innerText(brief).catch(() => "")).includes(`****${card.card_no.slice(-4)}`)));

// another resident, who is in nowhere yet: the new card opens the gate that refused the old one
await page.goto(base, { waitUntil: "load" });
check("again: phone shows a code", await showCode());
check("again: gate red after the loss report", await lose(), await words());
const gateBefore = frame("gate").url();
check("again: counter replaces", await replace(), await words());
check("again: phone shows a code of the new card", await showCode(), await words());
check("again: gate lets the new card in", await enter(), `${await words()} ${gateBefore}`);
check("nothing from elsewhere, no script error", !noise.length, noise.join("; "));
console.log(`seconds from the report to the refusal: ${seconds}`);
await browser.close();
end();

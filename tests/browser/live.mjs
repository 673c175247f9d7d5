// The pages of a running demo as people without scripts use them, and all main pages looked at by axe: node live.mjs http://127.0.0.1:PORT. Code to gate, loss in
// three taps, counter's forms and the slip, each by links and forms alone; then WCAG 2.2 AA.
import { axe, check, end, follow, launch, overflow } from "./lib.mjs";

const [base] = process.argv.slice(2);
if (!base) {
  console.error("usage: node live.mjs BASE-URL");
  process.exit(2);
}
const browser = await launch();

// who plays: as the one screen chose them
const plain = await browser.newContext({ javaScriptEnabled: false, locale: "zh-CN", viewport: { width: 1366, height: 768 } }), page = await plain.newPage();
await page.goto(base);
const source = async (name) => base + await page.locator(`iframe[name=${name}]`).getAttribute("src");
const resident = await source("phone"), gate = await source("gate"), desk = await source("counter"), person = desk.match(/psn_[0-9a-z]+/)[0];
const people = await page.locator(".demo-head small").innerText();
check("the one screen: people and cards are counted apart", /^\d[\d,]* 位居民 · \d[\d,]* 张卡 · \d+ 处场馆$/.test(people), people);

// without scripts: a code typed at the gate
await page.goto(resident);
const code = (await page.locator("[data-short]").innerText()).trim();
check("without scripts: the code page shows a code to type", /^[0-9A-Z]{3}-[0-9A-Z]{3}-[0-9A-Z]{3}$/.test(code), code);
check("without scripts: and a symbol", await page.locator("svg.qr path").count() === 1);
async function scan(text) {
  await page.goto(gate);
  await page.fill("#scan", text);
  await follow(page, () => page.locator("#gate form[data-scan] button").click());
  return page.locator("#gate").getAttribute("class");
}
check("without scripts: the gate lets in", (await scan(code)) === "verdict-pass", await page.locator("[data-reason]").innerText());
check("without scripts: mode, list, queue and clock are shown", await page.locator(".lights dd").count() === 4);
check("without scripts: not twice", (await scan(code)) === "verdict-refused");
check("without scripts: with when it was first used", (await page.locator("[data-first]").innerText()).startsWith("首次使用"), await page.locator("[data-first]").innerText());

// a loss in three taps, then the gate
await page.goto(resident);
const before = (await page.locator("[data-short]").innerText()).trim();
await page.goto(`${base}/card`);
await follow(page, () => page.locator("main a.danger").click());
await follow(page, () => page.locator("main button.danger").click());
check("without scripts: the loss is reported", /\/loss-reports\/los_/.test(page.url()), page.url());
check("without scripts: the gate refuses the code shown before", (await scan(before)) === "verdict-refused");
check("without scripts: and says why", /挂失/.test(await page.locator("[data-reason]").innerText()), await page.locator("[data-reason]").innerText());
await page.goto(`${base}/code`);
check("without scripts: the code page says why there is none", await page.locator(".code-none").count() === 1);

// the counter: replace, enable, slip; a stale form is told in words
await page.goto(desk);
const replace = await page.locator("a[href$='/replace']").getAttribute("href");
await page.goto(base + replace);
await page.locator("main button.primary:not(.search button)").last().click();
check("counter: a reason is needed", await page.locator("input[name=reason]:invalid").count() > 0 || await page.locator(".error-summary").count() === 1);
await page.check("input[name=reason][value=lost]");
const stale = await plain.newPage();
await stale.goto(base + replace);
await follow(page, () => page.locator("form.compact button").click());
check("counter: replaced", /\/acts\/act_/.test(page.url()) && (await page.locator("h1").innerText()) === "已补换新卡", page.url());
const done = page.url();
await stale.check("input[name=reason][value=damaged]");
await follow(stale, () => stale.locator("form.compact button").click());
check("counter: the second is told what the first did", /已补换/.test(await stale.locator("main").innerText()) && await stale.locator("form.compact").count() === 0);
await stale.close();
await follow(page, () => page.locator("a[data-hot=F2]").click());
await follow(page, () => page.locator("form.compact button").click());
check("counter: enabled", (await page.locator("h1").innerText()) === "已启用", page.url());
const enabled = page.url(), card = enabled.match(/crd_[0-9a-z]+/)[0];
await page.emulateMedia({ media: "print" });
check("counter: the slip on paper is the slip alone", await page.locator(".slip").isVisible() && !(await page.locator(".search").isVisible()) && !(await page.locator(".masthead").isVisible()));
await page.emulateMedia({ media: "screen" });
await page.goto(resident);
check("without scripts: the new card's code", /^[0-9A-Z-]{11}$/.test((await page.locator("[data-short]").innerText()).trim()));
const cookies = await plain.cookies();
await plain.close();

// with scripts: keys of the counter, and every main page by axe
const context = await browser.newContext({ locale: "zh-CN", viewport: { width: 1366, height: 768 }, serviceWorkers: "block" });
await context.addCookies(cookies);
const desktop = await context.newPage(), noise = [];
desktop.on("pageerror", (e) => noise.push(String(e)));
desktop.on("console", (m) => m.type() === "error" && /Content Security Policy/.test(m.text()) && noise.push(m.text()));
desktop.on("request", (r) => r.url().startsWith(base) || noise.push(`asks ${r.url()}`));

await desktop.goto(`${base}/desk`);
const focused = () => desktop.evaluate(() => document.activeElement.id);
check("keys: the search box has the focus", await focused() === "q");
await desktop.keyboard.press("?");
check("keys: ? opens the list", await desktop.locator("details.keys[open]").count() === 1);
await desktop.goto(`${base}/desk/persons/${person}`);
await desktop.keyboard.press("/");
check("keys: / goes to the search box", await focused() === "q");
await desktop.goto(`${base}/desk/cards/${card}/lock`);
await follow(desktop, () => desktop.keyboard.press("F2"));
check("keys: F2 does the next step", (await desktop.locator("h1").innerText()) === "已锁定", desktop.url());
check("keys: the search box has the focus after an act", await focused() === "q");
await desktop.evaluate(() => { window.printed = 0; window.print = () => window.printed++; });
await desktop.keyboard.press("F9");
check("keys: F9 prints", await desktop.evaluate(() => window.printed) === 1);
await desktop.goto(`${base}/desk/cards/${card}/unlock`);
await follow(desktop, () => desktop.keyboard.press("F2"));

const gatePath = new URL(gate).searchParams.get("next"), at = (url) => new URL(url).pathname;
const pages = ["/", "/code", "/card", `/cards/${card}/lose`, "/uses", "/records", "/about", "/sign-in", "/sign-in?way=password", "/desk/sign-in", "/gate/sign-in", "/desk",
  `/desk/persons/${person}`, `/desk/cards/${card}/lose`, `/desk/cards/${card}/replace`, at(done), at(enabled), gatePath, "/home", "/venues", "/bookings", "/proofs", "/_style"];
let looked = 0;
for (const language of ["zh", "en"]) { // pages.test.mjs looks at every template in both; here a part is enough in English
  await desktop.goto(`${base}/preferences?lang=${language}&back=/about`);
  for (const path of language === "zh" ? pages : pages.filter((_, i) => i % 4 === 0)) {
    const answer = await desktop.goto(base + path);
    if (answer.status() === 404) continue; // not served in this build
    looked++;
    check(`${path} ${language}: is served`, answer.status() === 200, String(answer.status()));
    const found = await axe(desktop);
    check(`${path} ${language}: axe`, !found, found);
    check(`${path} ${language}: fits 1366`, !(await overflow(desktop)), await overflow(desktop));
    const shown = await desktop.evaluate(() => document.body.innerText);
    check(`${path} ${language}: no code words`, !/\b(card|code|person|signin|device|loss|fields)_[a-z_]+\b/.test(shown), (shown.match(/\b[a-z]+_[a-z_]+\b/) ?? [""])[0]);
  }
}
check("at least the pages of this table", looked >= 22, String(looked));
check("nothing from elsewhere, no script error", !noise.length, noise.join("; "));
await browser.close();
end();

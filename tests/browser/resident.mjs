// A resident's errands against a running demo: node resident.mjs http://127.0.0.1:PORT PERSON_NO PASSWORD. Without scripts and by keyboard alone, as somebody
// with a screen reader and an old phone does them: sign in, look for a venue, check, book, cancel, report the card lost, read and check the receipt. Each page on
// the way is looked at by axe and at 320 px.
import { axe, check, end, follow, launch, overflow } from "./lib.mjs";

const [base, number, password] = process.argv.slice(2);
if (!password) {
  console.error("usage: node resident.mjs BASE-URL PERSON-NO PASSWORD");
  process.exit(2);
}
const browser = await launch();
const context = await browser.newContext({ viewport: { width: 320, height: 640 }, locale: "zh-CN", javaScriptEnabled: false });
const page = await context.newPage();
page.on("request", (r) => r.url().startsWith(base) || check(`asks ${r.url()}`, false));

// axe is a script: a second browser with the same cookies, where they run, looks at the same address.
const eyes = await browser.newContext({ viewport: { width: 320, height: 640 }, locale: "zh-CN", serviceWorkers: "block" }), eye = await eyes.newPage();
async function look(title, h1) {
  check(`${title}: the page`, (await page.locator("h1").innerText()).includes(h1), await page.locator("h1").innerText());
  check(`${title}: fits 320`, !(await overflow(page)), await overflow(page));
  await eyes.addCookies(await context.cookies());
  await eye.goto(page.url());
  const found = await axe(eye);
  check(`${title}: axe`, !found, found);
}
// Tab until the element has the focus: whatever can be done must be reached that way, and be seen to have it.
async function tab(selector) {
  const there = page.locator(selector).first();
  for (let i = 0; i < 80; i++) {
    await page.keyboard.press("Tab");
    if (await there.evaluate((e) => e === document.activeElement).catch(() => false)) {
      const outline = await there.evaluate((e) => getComputedStyle(e.closest("label") ?? e).outlineStyle + getComputedStyle(e).outlineStyle);
      check(`${selector}: the focus is seen`, outline !== "nonenone");
      return;
    }
  }
  check(`${selector} is reached by Tab`, false);
}
async function press(selector, key = "Enter") {
  await tab(selector);
  if (key === "Enter") await follow(page, () => page.keyboard.press(key));
  else await page.keyboard.press(key);
}
async function type(selector, text) {
  await tab(selector);
  await page.keyboard.type(text);
}

await page.goto(`${base}/bookings`);
await look("signing in", "登录");
await press("main .second a");
await type("#number", number);
await type("#password", password);
await press("main button.primary");
await look("where it was asked for", "我的预约");
await page.goto(`${base}/home`);
await look("home", "您好");
const six = await page.$$eval(".tile", (tiles) => tiles.map((t) => t.getAttribute("href")).join(" "));
check("home: the six entries and their order", six === "/code /card /cards/current/lose /venues /uses tel:12333", six);

await press(".tile[href='/venues']");
await look("venues", "预约场馆");
await type("#q", "滨湖");
await press("form[role=search] button");
await look("found", "预约场馆");
await press("ul.venues a");
await look("venue", "滨湖国家森林公园");
await press("nav.days a:last-child"); // tomorrow: its slot is open whatever the hour
await press("input[name=slot]:not([disabled])", "Space");
await press("form .primary");
await look("check the booking", "核对预约");
await press("main button.primary");
await look("booked", "预约成功");
const booked = page.url();
check("booked: its own address", /\/bookings\/bkg_[0-9a-z]{13}$/.test(booked), booked);
await press("main .act a:last-child");
await look("its receipt", "预约凭证");
await page.goto(booked);
await press("form[action$='/cancellations'] button");
await look("cancelled", "预约已取消");
check("cancelled: no form is left", await page.locator("main form").count() === 0);

await page.goto(`${base}/card`);
await look("my card", "我的卡");
await press("a.danger"); // three taps: my card, report, confirm
await look("the loss", "挂失此卡");
await press("button.danger");
await look("lost", "挂失成功");
// The receipt's list of gates with its script, as a slow gate would have it: no gate is online here, so the answers of the page are made to hold one.
const receipt = page.url();
let asked = 0;
await eye.route(receipt, async (route) => {
  const told = await (await route.fetch()).text(), wait = asked++ === 0;
  const list = `<section data-gates="${wait ? 1 : 0}"><p class="told">${wait ? "one waits" : "all obeyed"}</p></section>`;
  await route.fulfill({ contentType: "text/html; charset=utf-8", body: told.replace(/<section data-gates[^]*?<\/section>/, "").replace("</main>", `${list}</main>`) });
});
await eye.goto(receipt);
const told = () => eye.locator("[data-gates] .told").innerText();
check("the receipt's gates: as they stand", await told() === "one waits", await told());
for (let i = 0; i < 60 && await told() !== "all obeyed"; i++) await eye.waitForTimeout(100);
check("the receipt's gates: anew by the script", await told() === "all obeyed", String(asked));
await eye.waitForTimeout(2500);
check("the receipt's gates: not asked again when all have obeyed", asked === 2, String(asked));
await eye.unroute(receipt);
await press("main .act a:last-child");
await look("the receipt", "挂失回执");
check("the receipt: genuine, nobody's name", (await page.locator(".notice.done").innerText()).includes("属实"));
const code = await page.locator("b.mono").innerText();
await page.goto(`${base}/proofs`);
await type("#code", code.toLowerCase().replaceAll("-", " "));
await press("main button.primary");
await look("the code as typed", "挂失回执");
await page.goto(`${base}/card`);
await look("the lost card", "我的卡");
await press("main ul.links a[href$='/ecard-on']");
await look("the e-card", "继续使用手机电子卡");
await press("main button.primary");
await look("on again", "电子卡已恢复");
await page.goto(`${base}/cards/current/lose`);
await look("reported twice", "我的卡");
check("reported twice: says since when", /此卡已于\d+月\d+日\d\d:\d\d通过网页挂失/.test(await page.locator(".notice").innerText()));
for (const path of ["/uses", "/code", "/about", "/_style"]) {
  await page.goto(base + path);
  check(`${path}: fits 320`, !(await overflow(page)), await overflow(page));
}
await press("button.link"); // signed out: the masthead's last
await look("signed out", "登录");
await browser.close();
end();

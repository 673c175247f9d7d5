// Every page as it comes from the templates, in chromium: accessibility (axe, WCAG 2.2 AA), 320 px and 400 % zoom, dark, elder mode's sizes, scripts off, no other
// host, the policy of the headers, weight; and the code page and gate with answers of the API given here. Run from anywhere.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { webcrypto } from "node:crypto";
import { gzipSync } from "node:zlib";
import { axe, check, end, have, launch, overflow, serve, webHeaders } from "./lib.mjs";

const root = new URL("../..", import.meta.url).pathname, folder = mkdtempSync(join(tmpdir(), "ykt-pages-"));
const only = process.argv[2] ?? ""; // a part of names: only these pages, nothing else
if (!have(process.env.CHROMIUM ?? "chromium")) {
  console.log("chromium is not installed: pages are not looked at\n0 passed, 0 failed");
  process.exit(0);
}
execFileSync("make", ["-s", "build/debug/tests/web/pages_test"], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
execFileSync("build/debug/tests/web/pages_test", { cwd: root, env: { ...process.env, YKT_PAGES_OUT: folder }, stdio: ["ignore", "ignore", "inherit"] });

const QR = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", EPOCH = 1577836800000;
let api = () => null;
const site = await serve(folder, webHeaders(root), (...ask) => api(...ask));
const browser = await launch();
const files = readdirSync(folder).filter((name) => name.endsWith(".html") && name.includes(only)).sort();
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, serviceWorkers: "block" }), page = await context.newPage();
let noise = [];
page.on("console", (m) => m.type() === "error" && !/Failed to load resource|EventSource/.test(m.text()) && noise.push(m.text()));
page.on("pageerror", (e) => noise.push(String(e)));
page.on("request", (r) => r.url().startsWith(site.base) || noise.push(`asks ${r.url()}`));
async function look(name) {
  const elder = name.includes(".elder."), zh = name.includes(".zh.");
  if (elder && !zh) return; // the sizes are the same in both languages
  noise = [];
  await page.setViewportSize({ width: 1366, height: 768 });
  await page.goto(`${site.base}/${name}`);
  const found = await axe(page);
  check(`${name}: axe`, !found, found);
  check(`${name}: fits 1366`, !(await overflow(page)), await overflow(page));
  if (zh && !elder) {
    await page.emulateMedia({ colorScheme: "dark" });
    const dark = await axe(page);
    check(`${name}: axe, dark`, !dark, dark);
    await page.emulateMedia({ colorScheme: "light" });
  }
  if (elder) {
    const small = await page.evaluate(() => {
      const bad = [];
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) {
        const box = walker.currentNode.parentElement;
        if (walker.currentNode.data.trim() && box.checkVisibility?.() !== false && box.closest(".masthead,.banner,.foot,svg,noscript,.hide,.role-gate,.demo,.role-staff,.panel") === null &&
          parseFloat(getComputedStyle(box).fontSize) < 18) bad.push(`${box.tagName}.${box.className} ${getComputedStyle(box).fontSize}`);
      }
      for (const box of document.querySelectorAll("main .button.primary, main button.primary, main button.danger, main .tile")) {
        const r = box.getBoundingClientRect();
        if (r.height < 60 && !box.closest(".role-staff,.demo,.panel")) bad.push(`${box.className} is ${r.height} px high`);
      }
      return bad;
    });
    check(`${name}: elder sizes`, !small.length, small.slice(0, 4).join("; "));
  }
  await page.setViewportSize({ width: 320, height: 640 }); // also what 400 % zoom of 1280 leaves
  check(`${name}: fits 320`, !(await overflow(page)), await overflow(page));
  check(`${name}: quiet`, !noise.length, noise.join("; "));
}
for (const name of files) await look(name);
await context.close();

// elder mode keeps its six positions
if (!only) {
  const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
  await page.goto(`${site.base}/home.zh.elder.html`);
  const six = await page.$$eval(".tile", (tiles) => tiles.map((t) => t.getAttribute("href")).join(" "));
  check("elder: the six entries and their order", six === "/code /card /cards/current/lose /venues /uses tel:12333", six);
  await page.close();
}

// without scripts: every form has its token, the code is there, nothing waits for a script
if (!only) {
  const context = await browser.newContext({ javaScriptEnabled: false }), page = await context.newPage();
  for (const name of files.filter((f) => f.endsWith(".zh.html"))) {
    await page.goto(`${site.base}/${name}`);
    const forms = await page.locator("form[method=post]").count(), tokens = await page.locator("form[method=post] > input[name=_token]").count();
    check(`${name}: each form has a token`, forms === tokens, `${forms} forms, ${tokens} tokens`);
  }
  await page.goto(`${site.base}/code.zh.html`);
  check("without scripts: code, its text and a refresh link", await page.locator("svg.qr path").count() === 1 && await page.locator("[data-short]").innerText() === "7K3-QW9-2XD" &&
    await page.locator("[data-refresh]").getAttribute("href") === "/code?purpose=entry");
  await page.goto(`${site.base}/card.zh.html`);
  const lose = await page.locator("a.danger").getAttribute("href");
  await page.goto(`${site.base}/lose.zh.html`);
  check("without scripts: loss in three taps, my card, report, confirm", /^\/cards\/crd_[^/]+\/lose$/.test(lose) && await page.locator("main button").count() === 1);
  await page.goto(`${site.base}/gate.zh.html`);
  check("without scripts: the gate posts", (await page.locator("form").getAttribute("action")).endsWith("/scans"));
  await context.close();
}

// high contrast, forced colours, paper
if (!only) {
  const page = await browser.newPage({ viewport: { width: 1000, height: 800 } });
  for (const media of [{ contrast: "more" }, { contrast: "more", colorScheme: "dark" }, { forcedColors: "active" }]) {
    await page.emulateMedia(media);
    await page.goto(`${site.base}/style.zh.html`);
    const found = await axe(page);
    check(`style: axe with ${JSON.stringify(media)}`, !found, found);
  }
  await page.emulateMedia({ contrast: null, colorScheme: null, forcedColors: null, media: "print" });
  await page.goto(`${site.base}/proof.zh.html`);
  check("receipt on paper: only the sheet", !(await page.locator(".masthead").isVisible()) && !(await page.locator(".foot").isVisible()) && await page.locator(".sheet").isVisible());
  const paper = (await page.pdf({ format: "A4" })).toString("latin1");
  check("receipt on paper: one page of A4", (paper.match(/\/Type\s*\/Page\b/g) ?? []).length === 1);
  await page.close();
}

// what a first visit weighs
if (!only) {
  const bytes = ["home.zh.html", ...readdirSync(join(folder, "assets")).map((n) => `assets/${n}`)].map((n) => gzipSync(readFileSync(join(folder, n))).length).reduce((a, b) => a + b);
  check("a first visit is below 150 KB", bytes < 150 * 1024, String(bytes));
}

// the code page with a device of its own: bundle from the API, code each step, signed by a key that cannot leave
if (!only) {
  let device = null, skew = 0, exists = false;
  const bundle = (key) => {
    const b = Buffer.alloc(121, 7);
    b[0] = 0x11; b[1] = 0x22; b[2] = 1;
    b.writeUInt32BE(Math.floor((Date.now() + skew - EPOCH) / 30000), 20);
    Buffer.from(key, "base64url").copy(b, 24);
    return b;
  };
  api = (method, path, body, headers) => {
    if (path === "/v1/devices") {
      if (exists && !body.replace) return { status: 409, body: { code: "device_exists" } };
      check("device: the call carries its token and key", headers["x-csrf-token"] === "csrf_9f" && /^[0-9a-f]{32}$/.test(headers["idempotency-key"]));
      device = body;
      return { status: 201, body: { id: "dev_6h2k9d0q4m8xw" } };
    }
    if (path.endsWith("/code-bundles")) return { status: 201, body: { bundle: bundle(device.public_key).toString("base64url"), server_time: new Date(Date.now() + skew).toISOString() } };
    if (path === "/v1/short-codes") return { status: 201, body: { code: "8A1-BCD-EFG", expires_at: new Date(Date.now() + 300000).toISOString() } };
    return null;
  };
  const unbase45 = (text) => {
    const out = [];
    for (let i = 0; i < text.length; i += 3) {
      const [a, b, c] = [...text.slice(i, i + 3)].map((x) => QR.indexOf(x));
      c === undefined ? out.push(a + b * 45) : out.push((a + b * 45 + c * 2025) >> 8, (a + b * 45 + c * 2025) & 255);
    }
    return Buffer.from(out);
  };
  const expand = (point) => { // p = 3 mod 4: a root of y² = x³ - 3x + b
    const p = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n, b = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
    const x = BigInt("0x" + point.subarray(1).toString("hex")), power = (a, e) => { let r = 1n; for (; e; e >>= 1n, a = a * a % p) if (e & 1n) r = r * a % p; return r; };
    let y = power(((x * x * x - 3n * x + b) % p + p) % p, (p + 1n) / 4n);
    if (Number(y & 1n) !== (point[0] & 1)) y = p - y;
    return Buffer.concat([Buffer.from([4]), point.subarray(1), Buffer.from(y.toString(16).padStart(64, "0"), "hex")]);
  };
  const judge = async (title, text, purpose) => {
    const code = unbase45(text.slice(4)), key = await webcrypto.subtle.importKey("raw", expand(code.subarray(24, 57)), { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
    const step = code.readUInt32BE(121), now = Math.floor((Date.now() + skew - EPOCH) / 30000);
    check(`${title}: 190 bytes, purpose and step`, text.startsWith("YK1:") && code.length === 190 && code[125] === purpose && Math.abs(step - now) <= 1, `${code.length} ${code[125]} ${step} ${now}`);
    check(`${title}: signature`, await webcrypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, code.subarray(126), Buffer.concat([Buffer.from("YKT code 1\n"), code.subarray(0, 126)])));
    return code;
  };
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, deviceScaleFactor: 3 });
  const page = await context.newPage();
  page.on("pageerror", (e) => check("code page: no error", false, String(e)));
  const shown = (p = page) => p.evaluate(() => globalThis.ykt.code());
  const until = async (ok, p = page) => { for (let i = 0; i < 600; i++) { const text = await shown(p); if (ok(text)) return text; await sleep(100); } return shown(p); };
  await page.goto(`${site.base}/code.zh.html`);
  const first = await until((text) => text.length === 289);
  await judge("code", first, 1);
  check("the typed code is renewed when it is over", await page.waitForFunction(() => document.querySelector("[data-short]")?.innerText === "8A1-BCD-EFG").then(() => true, () => false));
  check("device: 33 bytes of a point", Buffer.from(device.public_key, "base64url").length === 33);
  const kept = await page.evaluate(() => new Promise((done) => {
    const open = indexedDB.open("ykt");
    open.onsuccess = () => { const get = open.result.transaction("device").objectStore("device").get("psn_8f2k9d0q4m8xw"); get.onsuccess = async () => done([get.result.key.extractable, await crypto.subtle.exportKey("pkcs8", get.result.key).then(() => "out", (e) => e.name)]); };
  }));
  check("device: the key cannot be exported", kept[0] === false && kept[1] === "InvalidAccessError", String(kept));
  if (have("zbarimg")) {
    const file = join(folder, "qr.png");
    await page.locator("svg.qr").screenshot({ path: file });
    const read = execFileSync("zbarimg", ["--raw", "-q", file], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).replace(/\n$/, "");
    check("code: another reader reads the symbol", read === await shown() || read === first, read.slice(0, 40));
  }
  await page.click("text=借阅");
  await judge("another purpose", await until((text) => text !== first), 2);
  const width = await page.locator("svg.qr").evaluate((e) => e.getBoundingClientRect().width / innerWidth);
  check("code: at least 60 % of the width", width >= 0.6, String(width));
  await context.close();

  // without a network: the service worker keeps the page, the key makes codes within the bundle's life
  const away = await browser.newContext({ viewport: { width: 390, height: 844 } }), home = await serve(folder, webHeaders(root), (...ask) => api(...ask));
  const roaming = await away.newPage();
  await roaming.goto(`${home.base}/code`);
  await until((text) => text.length === 289, roaming);
  await roaming.evaluate(() => navigator.serviceWorker.ready);
  await roaming.reload();
  await until((text) => text.length === 289, roaming);
  await roaming.waitForTimeout(500);
  home.close();
  await roaming.reload();
  await judge("without a network", await until((text) => text.length === 289, roaming), 1);
  await away.close();

  // a slow phone: the server's clock rules, and the words say so
  skew = 4 * 60000;
  const slow = await (await browser.newContext({ serviceWorkers: "block" })).newPage();
  await slow.goto(`${site.base}/code.zh.html`);
  await judge("slow phone", await until((text) => text.length === 289, slow), 1);
  check("slow phone: told in words", (await slow.locator("[data-clock]").innerText()).startsWith("手机时间慢了约4分钟"));
  await slow.context().close();
  skew = 0;

  // another phone holds the e-card: asked, then replaced
  exists = true;
  const second = await (await browser.newContext({ serviceWorkers: "block" })).newPage();
  await second.goto(`${site.base}/code.zh.html`);
  await second.locator("[data-takeover] button").click();
  check("second phone: takes over after the question", (await until((text) => text.length === 289, second)).length === 289 && device.replace === true);
  await second.context().close();
}

// the gate: verdicts by colour, symbol and word; a bad scan does not block the next
if (!only) {
  const page = await browser.newPage({ viewport: { width: 420, height: 640 } });
  api = (method, path, body) => {
    if (path.startsWith("/v1/terminals/")) return { status: 200, body: { list_made_at: new Date(Date.now() - 2000).toISOString(), queue: 1, clock_off_usec: 12000 } };
    if (body?.code === "GOOD") return { status: 201, body: { verdict: "pass", holder: "张*", places: 2 } };
    if (body?.code === "GONE") return { status: 503, body: {} };
    return { status: 409, type: "application/problem+json", body: JSON.stringify({ code: "card_stopped", detail: "此卡已挂失，不能使用。", first_at: "2021-08-20T15:32:07+08:00" }) };
  };
  await page.goto(`${site.base}/gate.zh.html`);
  const scan = async (code, verdict) => { await page.waitForTimeout(1050); await page.keyboard.type(code); await page.keyboard.press("Enter"); await page.waitForSelector(`#gate.verdict-${verdict}`).catch(() => 0); };
  await scan("BAD1", "refused");
  check("gate: refused", await page.locator("#gate.verdict-refused").count() === 1 && (await page.locator("[data-word]").innerText()) === "请止步" && (await page.locator("[data-reason]").innerText()).includes("挂失"));
  await scan("GOOD", "pass");
  check("gate: passes after a bad scan", await page.locator("#gate.verdict-pass").count() === 1 && (await page.locator("[data-read]").innerText()).includes("×2"));
  await scan("GONE", "staff");
  check("gate: no answer is never a pass", await page.locator("#gate.verdict-staff").count() === 1);
  check("gate: the field is empty and ready", await page.inputValue("#scan") === "" && await page.evaluate(() => document.activeElement.id) === "scan");
  await page.waitForTimeout(2500);
  check("gate: age of the list is shown", /\d+ 秒前/.test(await page.locator("[data-list] dd").innerText()));
  await page.close();
}

// a second click within a second is no second post
if (!only) {
  const page = await browser.newPage();
  let posts = 0;
  await page.route("**/loss-reports", (route) => { posts++; return route.fulfill({ status: 204 }); });
  await page.goto(`${site.base}/lose.zh.html`);
  await page.evaluate(() => { const b = document.querySelector("main button"); b.click(); b.click(); });
  await page.waitForTimeout(400);
  check("two clicks are one post", posts === 1, String(posts));
  await page.close();
}

await browser.close();
site.close();
rmSync(folder, { recursive: true });
end();

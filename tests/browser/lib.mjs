// What browser tests share: counting as tests/test.h does, Debian's chromium, a tiny file server with the pages' real headers.
import { execFileSync, execSync } from "node:child_process";
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { extname, join, normalize } from "node:path";
import { chromium } from "playwright-core";

export const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
let passed = 0, failed = 0;

export function check(title, ok, why = "") {
  if (ok) return void passed++;
  failed++;
  console.error(`FAILED ${title}${why ? `: ${why}` : ""}`);
}
export function end() {
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
}
export function launch() {
  const path = process.env.CHROMIUM ?? execSync("command -v chromium", { encoding: "utf8" }).trim();
  return chromium.launch({ executablePath: path, headless: true, args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"] });
}
// Does what leads to another document and waits until that is loaded. A click or a key alone comes back before the browser has begun to go, so that what is looked
// at next would be the page before, or the next one without its styles.
export const follow = (page, act) => Promise.all([page.waitForEvent("load"), act()]);
// Asks until the answer is true; false after a minute. For what a page does by itself.
export async function until(ok) {
  for (const end = Date.now() + 60000; Date.now() < end; await new Promise((done) => setTimeout(done, 50)))
    if (await ok()) return true;
  return false;
}
// Findings of axe as one line; empty is good. Same-origin frames are looked into.
export async function axe(page) {
  await page.evaluate(readFileSync(AXE, "utf8"));
  const found = await page.evaluate((rules) => globalThis.axe.run(document, { runOnly: rules, iframes: false }), RULES);
  return found.violations.map((v) => `${v.id} (${v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join(", ")})`).join("; ");
}
// Wider than the window? Returns the widest culprits.
export function overflow(page) {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return "";
    return [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > width + 1).slice(0, 4).map((e) => `${e.tagName}.${e.className}`).join(", ") || "page";
  });
}
export const have = (program) => { try { execFileSync("which", [program], { stdio: "ignore" }); return true; } catch { return false; } };

const TYPES = { ".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".webmanifest": "application/manifest+json" };
// Serves FOLDER as the server will: the page's headers come from web/web.c, so that a policy too strict shows here. `answer(method, path, body)` may answer
// calls of /v1 (the API is not there in these tests); without one they fail as they do without a network.
export function serve(folder, headers, answer = () => null) {
  const server = createServer((request, reply) => {
    const path = new URL(request.url, "http://x").pathname;
    let body = "";
    request.on("data", (part) => body += part);
    request.on("end", () => {
      const made = path.startsWith("/v1/") ? answer(request.method, path, body ? JSON.parse(body) : null, request.headers) : null;
      if (made) {
        reply.writeHead(made.status, { "Content-Type": made.type ?? "application/json" });
        return reply.end(made.type ? made.body : JSON.stringify(made.body));
      }
      try {
        const name = path === "/code" ? "/code.zh.html" : path; // the service worker knows the page by its address
        const file = readFileSync(join(folder, normalize(name)));
        const type = TYPES[extname(name)] ?? "application/octet-stream";
        reply.writeHead(200, type.startsWith("text/html") ? { ...headers, "Content-Type": type } : { "Content-Type": type });
        reply.end(file);
      } catch {
        reply.writeHead(404, { "Content-Type": "text/plain" });
        reply.end("none");
      }
    });
  });
  return new Promise((done) => server.listen(0, "127.0.0.1", () => done({ base: `http://127.0.0.1:${server.address().port}`, close: () => { server.close(); server.closeAllConnections?.(); } })));
}
// The headers of WEB_HEADERS, read from the C table.
export function webHeaders(root) {
  const table = readFileSync(join(root, "web/web.c"), "utf8").match(/WEB_HEADERS\[\] = \{([\s\S]*?)\n\};/)[1];
  const headers = {};
  for (const [, row] of table.matchAll(/\{([^{}]*)\}/g)) {
    const texts = [...row.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((m) => m[1]);
    headers[texts[0]] = texts.slice(1).join("");
  }
  return headers;
}

// Pictures for the eye: node shots.mjs PAGES OUT [name@width ...]
import { launch, serve, webHeaders } from "./lib.mjs";
const [folder, out, ...wanted] = process.argv.slice(2);
const site = await serve(folder, webHeaders(new URL("../..", import.meta.url).pathname)), browser = await launch();
for (const want of wanted) {
  const [name, size = "1366x768", scheme = "light"] = want.split("@"), [width, height] = size.split("x").map(Number);
  const page = await browser.newPage({ viewport: { width, height: height || 800 }, colorScheme: scheme });
  page.on("console", (m) => m.type() === "error" && !/ERR_|404/.test(m.text()) && console.log(name, m.text()));
  page.on("pageerror", (e) => console.log(name, String(e)));
  await page.goto(`${site.base}/${name}.html`);
  await page.waitForTimeout(400);
  await page.screenshot({ path: `${out}/${name}-${size}${scheme === "dark" ? "-dark" : ""}.png`, fullPage: !height });
  await page.close();
}
await browser.close();
site.close();

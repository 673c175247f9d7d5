/* What pages do more with scripts than without: nothing here is needed to get a thing done. One file, no libraries.
   Parts: calls, all pages, QR, code page, gate, receipt of a loss, record line, one screen. */
(() => {
"use strict";
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const panel = document.documentElement.classList.contains("panel");
if (self !== top) { /* a page the service worker fetched does not know that it stands in a frame */
  document.documentElement.classList.add("panel");
  document.body.classList.add("in-panel");
  for (const part of $$(".masthead, .foot, .banner:not(.warn)")) part.hidden = true;
}
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/* ---- calls of /v1: the cookie of the role (X-Session), its CSRF token, a key so that a repeat is no second act ---- */
const key = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
const csrf = (doc = document) => $("meta[name=csrf]", doc)?.content ?? "";
async function call(method, path, body, { session, purpose = "resident_request", doc = document, once = key() } = {}) {
  const headers = { Accept: "application/json", "Accept-Language": document.documentElement.lang, "X-Purpose": purpose };
  if (session) headers["X-Session"] = session;
  if (method !== "GET") Object.assign(headers, { "Content-Type": "application/json", "Idempotency-Key": once, "X-CSRF-Token": csrf(doc) });
  const stop = new AbortController(), timer = setTimeout(() => stop.abort(), 8000);
  try {
    const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body), signal: stop.signal });
    const text = await answer.text();
    return { status: answer.status, ok: answer.ok, body: text ? JSON.parse(text) : {} };
  } catch (error) {
    return { status: 0, ok: false, body: {} };
  } finally {
    clearTimeout(timer);
  }
}

/* ---- all pages ---- */
$(".error-summary")?.focus();
document.addEventListener("submit", (event) => {
  const form = event.target, now = Date.now();
  if (now - Number(form.dataset.sent ?? 0) < 1000) return event.preventDefault();
  form.dataset.sent = now;
  if (form.getAttribute("action") === "/sign-out") {
    indexedDB.deleteDatabase("ykt");
    self.caches?.keys().then((names) => names.forEach((name) => caches.delete(name)));
  }
});
for (const link of $$(".where a")) if (location.pathname === link.pathname) link.setAttribute("aria-current", "page");
for (const button of $$("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
document.addEventListener("keydown", (event) => {
  /* an empty search box is no place to type "?" or "/" in */
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && !(event.target.type === "search" && !event.target.value);
  if (event.key === "F9" && $(".desk")) { event.preventDefault(); print(); }
  const hot = event.key.length === 1 && typing ? null : $(`[data-hot="${CSS.escape(event.key)}"]`);
  if (!hot) return;
  event.preventDefault();
  hot.tagName === "INPUT" ? hot.select() : hot.click();
  hot.focus();
});

/* ---- QR: alphanumeric mode, level M, versions 1 to 10 (ISO/IEC 18004) ---- */
const QR_CHARS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const QR_DATA = [0, 16, 28, 44, 64, 86, 108, 124, 154, 182, 216];
const QR_CHECK = [0, 10, 16, 26, 18, 24, 16, 18, 22, 22, 26];
const QR_BLOCKS = [0, 1, 1, 1, 2, 2, 4, 4, 4, 5, 5];
const QR_ALIGN = [[], [], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50]];
function gf(a, b) {
  let product = 0;
  for (; b; b >>= 1) {
    if (b & 1) product ^= a;
    a = a << 1 ^ (a & 128 ? 0x11d : 0);
  }
  return product;
}
function qrCheck(data, n) {
  let divisor = [1];
  for (let i = 0, root = 1; i < n; i++, root = gf(root, 2)) {
    const next = [...divisor, 0];
    divisor.forEach((c, j) => next[j + 1] ^= gf(c, root));
    divisor = next;
  }
  const rest = new Array(n).fill(0);
  for (const byte of data) {
    const factor = byte ^ rest.shift();
    rest.push(0);
    for (let i = 0; i < n; i++) rest[i] ^= gf(divisor[i + 1], factor);
  }
  return rest;
}
function qrBytes(text, version) {
  const bits = [], put = (value, n) => { for (let i = n - 1; i >= 0; i--) bits.push(value >> i & 1); };
  put(2, 4);
  put(text.length, version < 10 ? 9 : 11);
  for (let i = 0; i < text.length; i += 2) {
    const a = QR_CHARS.indexOf(text[i]);
    i + 1 < text.length ? put(a * 45 + QR_CHARS.indexOf(text[i + 1]), 11) : put(a, 6);
  }
  const size = QR_DATA[version] * 8;
  if (bits.length > size) return null;
  put(0, Math.min(4, size - bits.length));
  while (bits.length % 8) bits.push(0);
  const data = [];
  for (let i = 0; i < bits.length; i += 8) data.push(parseInt(bits.slice(i, i + 8).join(""), 2));
  for (let pad = 0xec; data.length < QR_DATA[version]; pad ^= 0xfd) data.push(pad);
  const n = QR_BLOCKS[version], short = Math.floor(data.length / n), long = data.length % n, blocks = [];
  for (let i = 0, at = 0; i < n; i++) {
    const length = short + (i >= n - long ? 1 : 0);
    blocks.push(data.slice(at, at += length));
  }
  const checks = blocks.map((block) => qrCheck(block, QR_CHECK[version])), out = [];
  for (let i = 0; i <= short; i++) for (const block of blocks) if (i < block.length) out.push(block[i]);
  for (let i = 0; i < QR_CHECK[version]; i++) for (const check of checks) out.push(check[i]);
  return out;
}
const QR_MASKS = [(x, y) => (x + y) % 2, (x, y) => y % 2, (x) => x % 3, (x, y) => (x + y) % 3, (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2,
  (x, y) => x * y % 2 + x * y % 3, (x, y) => (x * y % 2 + x * y % 3) % 2, (x, y) => ((x + y) % 2 + x * y % 3) % 2];
function qrPenalty(m) {
  const size = m.length;
  let sum = 0, dark = 0;
  for (const turn of [false, true]) for (let y = 0; y < size; y++) {
    let line = "";
    for (let x = 0; x < size; x++) line += turn ? m[x][y] : m[y][x];
    for (const run of line.match(/0{5,}|1{5,}/g) ?? []) sum += run.length - 2;
    for (const shape of ["10111010000", "00001011101"]) for (let at = line.indexOf(shape); at >= 0; at = line.indexOf(shape, at + 1)) sum += 40;
  }
  for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) {
    dark += m[y][x];
    if (x && y && m[y][x] === m[y - 1][x] && m[y][x] === m[y][x - 1] && m[y][x] === m[y - 1][x - 1]) sum += 3;
  }
  return sum + Math.floor(Math.abs(dark * 20 - size * size * 10) / (size * size)) * 10;
}
function qrModules(text) {
  let version = 1, bytes = null;
  while (version <= 10 && !(bytes = qrBytes(text, version))) version++;
  if (!bytes) return null;
  const size = version * 4 + 17, m = Array.from({ length: size }, () => new Array(size).fill(0)), fixed = m.map((row) => row.map(() => false));
  const set = (x, y, dark) => { if (x >= 0 && y >= 0 && x < size && y < size) { m[y][x] = dark ? 1 : 0; fixed[y][x] = true; } };
  for (let i = 0; i < size; i++) { set(6, i, i % 2 === 0); set(i, 6, i % 2 === 0); }
  for (const [cx, cy] of [[3, 3], [size - 4, 3], [3, size - 4]]) for (let dy = -4; dy <= 4; dy++) for (let dx = -4; dx <= 4; dx++) {
    const ring = Math.max(Math.abs(dx), Math.abs(dy));
    set(cx + dx, cy + dy, ring !== 2 && ring !== 4);
  }
  const align = QR_ALIGN[version], last = align.length - 1;
  align.forEach((cy, i) => align.forEach((cx, j) => {
    if ((i === 0 && j === 0) || (i === 0 && j === last) || (i === last && j === 0)) return;
    for (let dy = -2; dy <= 2; dy++) for (let dx = -2; dx <= 2; dx++) set(cx + dx, cy + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1);
  }));
  const format = (mask) => {
    let rest = mask; /* level M is 00 */
    for (let i = 0; i < 10; i++) rest = rest << 1 ^ (rest >> 9) * 0x537;
    const bits = (mask << 10 | rest) ^ 0x5412, bit = (i) => bits >> i & 1;
    for (let i = 0; i < 6; i++) set(8, i, bit(i));
    set(8, 7, bit(6)); set(8, 8, bit(7)); set(7, 8, bit(8));
    for (let i = 9; i < 15; i++) set(14 - i, 8, bit(i));
    for (let i = 0; i < 8; i++) set(size - 1 - i, 8, bit(i));
    for (let i = 8; i < 15; i++) set(8, size - 15 + i, bit(i));
    set(8, size - 8, 1);
  };
  format(0);
  if (version >= 7) {
    let rest = version;
    for (let i = 0; i < 12; i++) rest = rest << 1 ^ (rest >> 11) * 0x1f25;
    const bits = version << 12 | rest;
    for (let i = 0; i < 18; i++) {
      const a = size - 11 + i % 3, b = Math.floor(i / 3);
      set(a, b, bits >> i & 1); set(b, a, bits >> i & 1);
    }
  }
  let at = 0;
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step++) for (const x of [right, right - 1]) {
      const y = (right + 1 & 2) === 0 ? size - 1 - step : step;
      if (fixed[y][x]) continue;
      m[y][x] = at < bytes.length * 8 ? bytes[at >> 3] >> (7 - (at & 7)) & 1 : 0;
      at++;
    }
  }
  let best = null, least = Infinity;
  const flip = (mask) => { for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) if (!fixed[y][x] && QR_MASKS[mask](x, y) === 0) m[y][x] ^= 1; };
  for (let mask = 0; mask < 8; mask++) {
    flip(mask); format(mask);
    const penalty = qrPenalty(m);
    if (penalty < least) { least = penalty; best = mask; }
    flip(mask);
  }
  flip(best); format(best);
  return m;
}
function qrDraw(svg, text) {
  const m = qrModules(text);
  if (!m) return false;
  let path = "";
  m.forEach((row, y) => {
    for (let x = 0; x < row.length;) {
      let run = 0;
      while (row[x + run]) run++;
      if (run) path += `M${x + 4} ${y + 4}h${run}v1h-${run}z`;
      x += run || 1;
    }
  });
  const size = m.length + 8;
  svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
  const [ground, dark] = svg.children;
  ground.setAttribute("width", size); ground.setAttribute("height", size);
  dark.setAttribute("d", path);
  return true;
}

/* ---- code page: this phone signs its own codes under a bundle of the issuer (docs/protocols/code.md) ---- */
const STEP = 30000, EPOCH = 1577836800000, BUNDLE_STEPS = 2880;
const PURPOSES = { entry: 1, library: 2, medical: 3, ride: 4 };
function base45(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 2) {
    let value = i + 1 < bytes.length ? bytes[i] * 256 + bytes[i + 1] : bytes[i];
    for (let n = i + 1 < bytes.length ? 3 : 2; n; n--, value = Math.floor(value / 45)) text += QR_CHARS[value % 45];
  }
  return text;
}
const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const unbase64url = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
function keep(mode, act) {
  return new Promise((done, failed) => {
    const open = indexedDB.open("ykt", 1);
    open.onupgradeneeded = () => open.result.createObjectStore("device");
    open.onerror = () => failed(open.error);
    open.onsuccess = () => {
      const request = act(open.result.transaction("device", mode).objectStore("device"));
      request.onsuccess = () => { done(request.result); open.result.close(); };
      request.onerror = () => failed(request.error);
    };
  });
}
/* by holder, not by card: the phone stays the same when a card is replaced, and gets a bundle of the new one */
const load = (holder) => keep("readonly", (store) => store.get(holder));
const save = (holder, device) => keep("readwrite", (store) => store.put(device, holder));
async function enrol(replace) {
  /* the private key cannot leave this browser: not extractable, kept by IndexedDB as a handle */
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const point = new Uint8Array(33);
  point[0] = 2 + (raw[64] & 1);
  point.set(raw.subarray(1, 33), 1);
  const made = await call("POST", "/v1/devices", { suite: "p256", strength: "door", public_key: base64url(point), replace });
  if (made.status === 409 && made.body.code === "device_exists") return "exists";
  return made.ok ? { id: made.body.id, key: pair.privateKey, bundle: null, offset: 0 } : null;
}
async function renew(holder, card, device) {
  const before = Date.now(), made = await call("POST", `/v1/devices/${device.id}/code-bundles`, { card });
  if (!made.ok) return /device/.test(made.body.code ?? "") ? 410 : made.status;
  const bundle = unbase64url(made.body.bundle ?? "");
  if (bundle.length !== 121) return 422;
  device.bundle = bundle;
  device.card = card;
  device.until = EPOCH + (new DataView(bundle.buffer).getUint32(20) + BUNDLE_STEPS) * STEP;
  device.offset = Date.parse(made.body.server_time) - (before + Date.now()) / 2;
  await save(holder, device);
  return 201;
}
async function makeCode(device, step, purpose) {
  const bytes = new Uint8Array(190), view = new DataView(bytes.buffer);
  bytes.set(device.bundle);
  view.setUint32(121, step);
  bytes[125] = PURPOSES[purpose];
  const domain = new TextEncoder().encode("YKT code 1\n"), signed = new Uint8Array(domain.length + 126);
  signed.set(domain);
  signed.set(bytes.subarray(0, 126), domain.length);
  bytes.set(new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, device.key, signed)), 126);
  return "YK1:" + base45(bytes);
}
function countdown(box) {
  const left = $("[data-left]", box), made = Number(box.dataset.made), life = Number(box.dataset.expires) - made, from = performance.now();
  const timer = setInterval(() => {
    if (box.dataset.phone) return clearInterval(timer);
    box.style.setProperty("--left", Math.max(0, 1 - (performance.now() - from) / life));
  }, 1000);
}
async function codePage(root) {
  const box = $(".code-left", root);
  if (!box) return;
  countdown(box);
  if ("serviceWorker" in navigator) navigator.serviceWorker.register("/sw.js").catch(() => {});
  if (root.dataset.device !== "1" || !crypto.subtle || !self.indexedDB) return;
  const card = root.dataset.card, holder = root.dataset.holder, say = root.dataset, source = $("[data-source]", root), text = $("[data-code]", root);
  let purpose = root.dataset.purpose, device = await load(holder).catch(() => null), shown = -1;
  if (!device) {
    device = await enrol(root.dataset.replace === "1");
    if (device === "exists") { /* another phone is the active one: the holder decides; until then the server-made code stays */
      const ask = $("[data-takeover]", root);
      ask.hidden = false;
      return $("button", ask).addEventListener("click", () => { ask.hidden = true; root.dataset.replace = "1"; codePage(root); }, { once: true });
    }
    if (!device) return;
    await save(holder, device);
  }
  const due = () => !device.bundle || device.card !== card || device.until - Date.now() - device.offset < (BUNDLE_STEPS / 2) * STEP;
  if (due() || navigator.onLine) {
    const status = await renew(holder, card, device);
    if (status === 404 || status === 410) { /* this phone was signed off, or another took over */
      await keep("readwrite", (store) => store.delete(holder));
      return;
    }
    if (status !== 201 && (!device.bundle || device.card !== card)) return;
  }
  const minutes = Math.round(Math.abs(device.offset) / 60000);
  if (minutes >= 1) {
    const note = $("[data-clock]", root);
    note.textContent = (device.offset > 0 ? say.tSlow : say.tFast).replace("%", minutes);
    note.hidden = false;
  }
  box.dataset.phone = "1";
  const spoken = $(".code-short", root);
  let spokenUntil = Number(box.dataset.expires), asking = false;
  const speak = async (now) => { /* the typed code is the server's and ends sooner; without a network there is none */
    if (now < spokenUntil || asking) return;
    spoken.hidden = true;
    if (!navigator.onLine) return;
    asking = true;
    const made = await call("POST", "/v1/short-codes", { card, purpose });
    if (made.ok) {
      $("[data-short]", spoken).textContent = made.body.code;
      spokenUntil = Date.parse(made.body.expires_at);
      spoken.hidden = false;
    } else {
      spokenUntil = now + STEP; /* ask again in a while */
    }
    asking = false;
  };
  const show = async (again) => {
    const now = Date.now() + device.offset, step = Math.floor((now - EPOCH) / STEP);
    box.style.setProperty("--left", 1 - (now - EPOCH) % STEP / STEP);
    $("[data-left]", box).textContent = `${Math.ceil((STEP - (now - EPOCH) % STEP) / 1000)} ${say.tSeconds}`;
    if (now >= device.until) {
      source.textContent = say.tEnded;
      $(".qr", root).classList.add("hide");
      return;
    }
    speak(now);
    if (step === shown && !again) return;
    shown = step;
    const code = await makeCode(device, step, purpose);
    if (qrDraw($(".qr", root), code)) text.textContent = code;
    source.textContent = navigator.onLine ? say.tPhone : say.tOffline;
  };
  for (const chip of $$(".chips a", root)) chip.addEventListener("click", (event) => {
    event.preventDefault();
    purpose = new URL(chip.href).searchParams.get("purpose");
    for (const other of $$(".chips a", root)) other.toggleAttribute("aria-current", false);
    chip.setAttribute("aria-current", "true");
    $(".code-name span", root).textContent = chip.textContent;
    show(true);
  });
  $("[data-refresh]", root).addEventListener("click", (event) => {
    if (navigator.onLine) return; /* a fresh page tells when the card changed */
    event.preventDefault();
    show(true);
  });
  await show(true);
  setInterval(show, 500);
  setInterval(() => { if (due()) renew(holder, card, device); }, 600000);
  self.ykt = { code: () => text.textContent };
}
if ($("#code")) {
  self.ykt = { code: () => $("[data-code]")?.textContent ?? "" };
  codePage($("#code"));
}

/* ---- gate ---- */
function sound(verdict) {
  try {
    const audio = new AudioContext(), beep = (frequency, at, length, type) => {
      const tone = audio.createOscillator(), volume = audio.createGain();
      tone.type = type; tone.frequency.value = frequency; volume.gain.value = 0.15;
      tone.connect(volume).connect(audio.destination);
      tone.start(audio.currentTime + at); tone.stop(audio.currentTime + at + length);
    };
    if (verdict === "pass") { beep(880, 0, 0.12, "sine"); beep(1320, 0.14, 0.18, "sine"); }
    else { beep(200, 0, 0.25, "square"); beep(200, 0.35, 0.25, "square"); }
    setTimeout(() => audio.close(), 1200);
  } catch (error) { /* no sound device: colour, symbol and word remain */ }
}
function gatePage(root) {
  const say = root.dataset, field = $("#scan"), gate = root.dataset.gate;
  let rest = null, turn = 0;
  const show = (verdict, word, reason = "", read = "", first = "") => {
    root.className = `verdict-${verdict}`;
    $("[data-word]").textContent = word;
    $("[data-reason]").textContent = reason;
    $("[data-read]").textContent = read;
    $("[data-first]").textContent = first;
    clearTimeout(rest);
    if (verdict !== "ready") rest = setTimeout(() => show("ready", say.tReady), 6000);
  };
  const time = (text) => new Date(text).toLocaleTimeString("zh-CN", { hour12: false, timeZone: "Asia/Shanghai" });
  async function scan(code) {
    const mine = ++turn; /* one bad scan never blocks the next, and a late answer never covers a newer one */
    $("[data-read]").textContent = `${say.tReading} …${code.slice(-4)}`;
    const answer = await call("POST", "/v1/check-ins", { terminal: gate, code }, { session: "gate", purpose: "verification" });
    if (answer.status === 401) return location.reload(), answer;
    if (mine !== turn) return answer;
    const body = answer.body, first = body.first_at ? `${say.tFirst} ${time(body.first_at)} ${body.first_place ?? ""}` : "";
    if (answer.ok) {
      show("pass", say.tPass, body.words ?? "", body.places > 1 ? `×${body.places}` : "");
      sound("pass");
    } else if (answer.status === 0 || answer.status >= 500) {
      show("staff", say.tStaff, say.tNoanswer);
      sound("staff");
    } else {
      show("refused", say.tRefused, body.words ?? body.detail ?? body.title ?? "", `…${code.slice(-4)}`, first);
      sound("refused");
    }
    return answer;
  }
  $("[data-scan]").addEventListener("submit", (event) => {
    event.preventDefault();
    const code = field.value.trim();
    field.value = "";
    if (code) scan(code);
    if (!panel) field.focus();
  });
  document.addEventListener("keydown", (event) => { if (event.key.length === 1 && document.activeElement !== field && !event.ctrlKey && !event.metaKey) field.focus(); });
  async function lights() {
    const answer = await call("GET", `/v1/terminals/${gate}`, null, { session: "gate", purpose: "technical" }), body = answer.body;
    const mode = $("[data-mode]");
    mode.className = answer.ok ? "ok" : "bad";
    $("dd", mode).textContent = answer.ok ? say.tOnline : say.tOffline;
    if (!answer.ok) return;
    $("[data-list] dd").textContent = body.list_made_at ? say.tAge.replace("%", Math.max(0, Math.round((Date.now() - Date.parse(body.list_made_at)) / 1000))) : say.tNolist;
    $("[data-queue] dd").textContent = body.queue ?? 0;
    $("[data-offset] dd").textContent = say.tMsec.replace("%", Math.round((body.clock_off_usec ?? 0) / 1000));
  }
  setInterval(lights, 5000);
  self.ykt = { scan };
}
if ($("#gate")) gatePage($("#gate"));

/* ---- receipt of a loss: the gates' list anew until all have obeyed, for two minutes at most ---- */
async function gatesList() {
  for (let i = 0; i < 60 && $("[data-gates]").dataset.gates === "1"; i++) {
    await sleep(2000);
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok) continue;
      const fresh = $("[data-gates]", new DOMParser().parseFromString(await answer.text(), "text/html"));
      if (fresh) $("[data-gates]").replaceWith(fresh);
    } catch (error) { /* no network just now: the link asks again, too */ }
  }
}
if ($("[data-gates]")) gatesList();

/* ---- record line: server-sent events, resumed by id ---- */
function recordLine(list) {
  const live = $("[data-live]"), stream = new EventSource(list.dataset.records);
  const light = (on) => { live.classList.toggle("on", on); live.textContent = on ? live.dataset.tOn : live.dataset.tOff; };
  stream.onopen = () => light(true);
  stream.onerror = () => light(false);
  const add = (event) => {
    const line = JSON.parse(event.data), id = line.id ?? event.lastEventId;
    if (id && $(`[data-id="${CSS.escape(id)}"]`, list)) return; /* streams repeat */
    const row = document.createElement("li"), put = (tag, text, more = {}) => row.append(Object.assign(document.createElement(tag), { textContent: text ?? "" }, more), " ");
    row.dataset.id = id;
    row.className = `${line.verdict === "refused" ? "refused" : "allowed"} new`;
    put("time", new Date(line.at).toLocaleTimeString("zh-CN", { hour12: false, timeZone: "Asia/Shanghai" }), { dateTime: line.at });
    put("b", line.text); put("span", line.place); put("span", line.actor);
    put("em", line.verdict === "refused" ? list.dataset.tRefused : list.dataset.tAllowed);
    if (line.simulated) put("span", list.dataset.tSimulated, { className: "mark" });
    list.prepend(row);
    while (list.children.length > 60) list.lastElementChild.remove();
    $("[data-empty]")?.remove();
  };
  stream.onmessage = add;
  stream.addEventListener("journal_line", add);
}
if ($("[data-records]")?.dataset.records) recordLine($("[data-records]"));

/* ---- the one screen: real pages in frames; the script only does what hands would do ---- */
function demoPage(root) {
  const say = root.dataset, frame = (name) => $(`iframe[name=${name}]`), inner = (name) => frame(name).contentWindow;
  const words = $("[data-words]"), seconds = $("[data-seconds]");
  const tell = (text, number = "–") => { words.textContent = text; seconds.textContent = number; };
  const phoneCode = async () => {
    for (let i = 0; i < 40; i++) {
      const code = inner("phone").ykt?.code();
      if (code) return code;
      await sleep(100);
    }
    return "";
  };
  /* a panel goes somewhere, and is there when this ends: the document before must not be asked any more */
  const go = (name, to) => new Promise((done) => {
    const there = () => { clearTimeout(timer); done(); }, timer = setTimeout(there, 8000);
    frame(name).addEventListener("load", there, { once: true });
    to ? frame(name).src = to : inner(name).location.reload();
  });
  /* the panel's own document once it is there whole: its token goes with the calls made for it */
  const panelOf = async (name) => {
    for (let i = 0; i < 50 && !(inner(name).document.readyState === "complete" && csrf(inner(name).document)); i++) await sleep(100);
    return inner(name).document;
  };
  const failed = (made) => tell(made.status === 0 ? say.tNoanswer : made.body.detail ?? String(made.status));
  const steps = {
    async show() {
      await go("phone", say.phone);
      for (let i = 0; i < 40; i++) {
        await sleep(150);
        const ask = $("[data-takeover]:not([hidden]) button", inner("phone").document);
        if (ask) return ask.click(); /* another browser showed this holder's code before */
        if (/^YK1:/.test(inner("phone").ykt?.code() ?? "")) return;
      }
    },
    async enter() {
      const code = await phoneCode();
      if (!code) return tell(say.tNocode);
      const answer = await inner("gate").ykt.scan(code);
      tell(answer.ok ? say.tPass : answer.body.detail ?? say.tNocode);
    },
    async lose() {
      const code = await phoneCode();
      if (!code) return tell(say.tNocode);
      tell(say.tRun);
      const doc = await panelOf("phone"), from = performance.now();
      const made = await call("POST", `/v1/cards/${say.card}/loss-reports`, { kind: "temporary", channel: "web", reason: "lost" }, { doc });
      if (!made.ok) return failed(made);
      tell(say.tLost);
      while (performance.now() - from < 10000) {
        const answer = await inner("gate").ykt.scan(inner("phone").ykt?.code() || code);
        if (/card_(stopped|lost|changed|unknown)/.test(answer.body.code ?? "")) {
          tell(say.tRed, ((performance.now() - from) / 1000).toFixed(2));
          return void await Promise.all([go("phone"), go("counter")]);
        }
        await sleep(120);
      }
      tell(say.tLate);
    },
    async replace() {
      tell(say.tRun);
      const clerk = { session: "desk", purpose: "counter_service", doc: await panelOf("counter") };
      const made = await call("POST", `/v1/cards/${say.card}/replacements`, { reason: "lost" }, clerk);
      if (!made.ok) return failed(made);
      say.card = made.body.new_card;
      const on = await call("POST", `/v1/cards/${say.card}/activations`, { bank: false }, clerk); /* an account is the holder's to ask for */
      if (!on.ok) return failed(on);
      $("[data-resident]").textContent = `****${made.body.card_no.slice(-4)}`;
      const next = $("[data-next-gate]"), moves = [go("counter"), go("phone", say.phone)];
      if (next) { /* who is in one place goes to another with the new card */
        moves.push(go("gate", next.href));
        $("[data-gate-name]").textContent = say.nextName;
      }
      await Promise.all(moves);
      tell(next ? say.tNext : say.tReplaced);
    },
  };
  say.phone = frame("phone").getAttribute("src");
  for (const button of $$("[data-step]")) button.addEventListener("click", async () => {
    for (const other of $$("[data-step]")) other.disabled = true;
    try { await steps[button.dataset.step](); } finally { for (const other of $$("[data-step]")) other.disabled = false; }
  });
}
if ($("#demo")) demoPage($("#demo"));
/* for tests of the symbol by other readers */
if (document.documentElement.dataset.test) self.yktTest = { qrModules, base45 };
})();

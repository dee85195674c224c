// Notices on the desktop, which a person allows for each browser on the page Account.
const TEXTS = {
  insecure: "This address is not secure, and browsers show notices only for addresses that begin with https:// " +
    "or localhost. An admin can change that.",
  unknown: "This browser cannot show notices.",
  denied: "This browser was told not to show notices from Outtray. You can change that in its settings for this site.",
  off: "This browser can show a notice when one of your tasks ends or you receive a message, while a page of Outtray " +
    "is open, even in the background.",
  on: "This browser shows a notice when one of your tasks ends or you receive a message, while a page of Outtray is open.",
};

// Consent, and the last notice shown. Both belong to this browser: another computer may be set differently.
const stored = {
  get isOn() { return read("outtray.desktop") === "on"; },
  set isOn(on) { write("outtray.desktop", on ? "on" : "off"); },
  get lastShown() { return Number(read("outtray.shown") || 0); },
  set lastShown(id) { write("outtray.shown", String(id)); },
};
function read(key) { try { return localStorage.getItem(key); } catch { return null; } }
function write(key, value) { try { localStorage.setItem(key, value); } catch { /* this browser stores nothing */ } }

function state() {
  if (!window.isSecureContext) return "insecure";
  if (!("Notification" in window)) return "unknown";
  if (Notification.permission === "denied") return "denied";
  return Notification.permission === "granted" && stored.isOn ? "on" : "off";
}

// Shows each notice that this browser has not shown yet.
export function showNews(news) {
  const fresh = news.filter((notice) => notice.id > stored.lastShown);
  if (!fresh.length) return;
  stored.lastShown = fresh.at(-1).id; // first, because another page of this browser may look at the same moment
  if (state() === "on") fresh.forEach(show);
}

function show({ id, title, text, path }) {
  const options = { body: text, tag: `outtray-${id}`, icon: "/static/icon-192.png", data: { path } };
  try {
    const notice = new Notification(title, options);
    notice.onclick = () => { window.focus(); notice.close(); location.assign(path); };
  } catch { // phones show notices only through the service worker
    navigator.serviceWorker?.ready.then((worker) => worker.showNotification(title, options));
  }
}

// Draws the section of the page Account: what this browser can do, and the switch.
export function drawConsent() {
  const section = document.getElementById("desktop");
  if (!section) return;
  section.hidden = false;
  document.getElementById("desktop-words").textContent = TEXTS[state()];
  const button = document.getElementById("desktop-switch");
  button.hidden = !["on", "off"].includes(state());
  button.textContent = state() === "on" ? "Show no more" : "Show notices on this desktop";
}

export async function switchConsent() {
  stored.isOn = state() !== "on" && (await Notification.requestPermission()) === "granted";
  drawConsent();
}

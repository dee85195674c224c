// Shows what is new for a signed-in person: counts in the tab's title, and notices on the desktop.
import { drawConsent, showNews, switchConsent } from "./desktop_notices.js";
import { drawCounts } from "./tab_title.js";

const INTERVAL = 10000; // ms between two requests of a page that has no log, or that is in the background
let seen = ""; // version of the bell that was drawn last

const bell = () => document.getElementById("unread");

function showWhatIsNew() {
  if (!bell()) return;
  drawCounts(bell().dataset);
  showNews(JSON.parse(bell().dataset.news || "[]"));
}

// A visible page with a log gets the bell with the log; every other page asks for the bell alone.
async function pollBell() {
  const comesWithLog = document.querySelector("#task-log, #task-live") && !document.hidden;
  if (comesWithLog || !bell()) return;
  try {
    const answer = await fetch(`/inbox/bell?seen=${seen}`, { headers: { "HX-Request": "true" } });
    if (answer.status !== 200) return;
    seen = answer.headers.get("X-Seen") || "";
    replaceBell(await answer.text());
    showWhatIsNew();
  } catch { /* no answer: the poll of the log tells people */ }
}

function replaceBell(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const fresh = template.content.querySelector("#unread");
  if (fresh) bell().replaceWith(fresh);
}

showWhatIsNew();
drawConsent();
document.getElementById("desktop-switch")?.addEventListener("click", switchConsent);
document.addEventListener("htmx:after:swap", showWhatIsNew);
setInterval(pollBell, INTERVAL);
if (window.isSecureContext) navigator.serviceWorker?.register("/service-worker.js").catch(() => {});

// What concerns the person while they look elsewhere: the counts in the tab's title, and notices on the desktop.
"use strict";
(() => {
  const WORDS = {
    insecure: "This address is not secure, and browsers show notices only for those that begin with https:// or localhost. An admin can change that.",
    unknown: "This browser knows no notices.",
    denied: "This browser was told not to show notices of Outtray. Its settings for this site change that.",
    off: "This browser can show a notice when a task of yours ends or somebody writes to you, while a page of Outtray is open, also in the background.",
    on: "This browser shows a notice when a task of yours ends or somebody writes to you, while a page of Outtray is open.",
  };
  const EVERY = 10000; // ms between two looks of a page that has no log, or that is in the background
  const byId = (id) => document.getElementById(id);
  const bell = () => byId("unread");
  let seen = "";

  // What this browser has been told to do, and what it has shown: kept here, for another computer may do otherwise.
  const kept = {
    get isOn() { return read("outtray.desktop") === "on"; },
    set isOn(on) { write("outtray.desktop", on ? "on" : "off"); },
    get shown() { return Number(read("outtray.shown") || 0); },
    set shown(id) { write("outtray.shown", String(id)); },
  };
  function read(key) { try { return localStorage.getItem(key); } catch { return null; } }
  function write(key, value) { try { localStorage.setItem(key, value); } catch { /* a browser that keeps nothing */ } }

  // --- The title of the tab --------------------------------------------------------------------------------------------

  const COUNTS = /(?:\d+ running)?(?:, )?(?:\d+ unread)? · /;

  function count() {
    const { running, unread } = bell().dataset;
    const words = [running !== "0" && `${running} running`, unread !== "0" && `${unread} unread`].filter(Boolean).join(", ");
    const isError = document.title.startsWith("Error: ");
    const plain = document.title.replace(/^Error: /, "").replace(COUNTS, "");
    const title = (isError ? "Error: " : "") + (words ? `${words} · ` : "") + plain;
    if (document.title !== title) document.title = title;
  }

  // --- On the desktop --------------------------------------------------------------------------------------------------

  const can = () => window.isSecureContext && "Notification" in window;
  const may = () => can() && Notification.permission === "granted" && kept.isOn;

  function show() {
    const news = JSON.parse(bell().dataset.news || "[]").filter((one) => one.id > kept.shown);
    if (!news.length) return;
    kept.shown = news.at(-1).id; // before they are shown: another page of this browser may look at the same moment
    if (may()) for (const one of news) tell(one);
  }

  function tell({ id, title, text, path }) {
    const how = { body: text, tag: `outtray-${id}`, icon: "/static/icon-192.png", data: { path } };
    try {
      const notice = new Notification(title, how);
      notice.onclick = () => { window.focus(); notice.close(); location.assign(path); };
    } catch { // telephones show them through the service worker only
      navigator.serviceWorker?.ready.then((worker) => worker.showNotification(title, how));
    }
  }

  // --- Consent, on the page Account ------------------------------------------------------------------------------------

  function drawConsent() {
    const section = byId("desktop");
    if (!section) return;
    const state = !window.isSecureContext ? "insecure" : !can() ? "unknown" : Notification.permission === "denied" ? "denied" : may() ? "on" : "off";
    section.hidden = false;
    byId("desktop-words").textContent = WORDS[state];
    const button = byId("desktop-switch");
    button.hidden = !["on", "off"].includes(state);
    button.textContent = state === "on" ? "Show no more" : "Show notices on this desktop";
  }

  async function switchConsent() {
    if (may()) kept.isOn = false;
    else kept.isOn = (await Notification.requestPermission()) === "granted";
    drawConsent();
  }

  // --- What is new -----------------------------------------------------------------------------------------------------

  function look() {
    if (!bell()) return;
    count();
    show();
  }

  // A page with a log hears of all this with the log; the others, and those in the background, ask for the bell alone.
  async function ask() {
    const isHeard = document.querySelector("#task-log, #task-live") && !document.hidden;
    if (isHeard || !bell()) return;
    try {
      const answer = await fetch(`/inbox/bell?seen=${seen}`, { headers: { "HX-Request": "true" } });
      if (answer.status !== 200) return;
      seen = answer.headers.get("X-Seen") || "";
      const template = document.createElement("template");
      template.innerHTML = await answer.text();
      const fresh = template.content.querySelector("#unread");
      if (fresh) bell().replaceWith(fresh);
      look();
    } catch { /* the server is silent: what polls the log says so */ }
  }

  function begin() {
    look();
    drawConsent();
    byId("desktop-switch")?.addEventListener("click", switchConsent);
    document.addEventListener("htmx:after:swap", look);
    setInterval(ask, EVERY);
    if (window.isSecureContext) navigator.serviceWorker?.register("/service-worker.js").catch(() => {});
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();

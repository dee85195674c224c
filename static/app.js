// The live parts: times that pass, focus after a swap, what to say when the server is silent. Every page works without.
"use strict";
(() => {
  const WORDS = {
    silent: "Outtray did not answer. What you typed is still here. Press again: it cannot start twice.",
    silentPress: "Outtray did not answer. Press again.",
    signedOut: "You were signed out. Sign in in a new tab, then go on here.",
    refused: "This is not possible now. Load the page again.",
  };
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);
  const clock = (date) => date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

  // --- Times -------------------------------------------------------------------------------------------------------

  const plural = (n, one) => `${n} ${one}${n === 1 ? "" : "s"}`;

  function ago(seconds, written) {
    if (seconds < 45) return "just now";
    if (seconds < 3570) return `${plural(Math.max(1, Math.round(seconds / 60)), "minute")} ago`;
    if (seconds < 79200) return `${plural(Math.max(1, Math.round(seconds / 3600)), "hour")} ago`;
    return written;
  }

  function drawTimes() {
    const now = Date.now();
    for (const time of all("time[data-ago]")) {
      const text = ago((now - Date.parse(time.dateTime)) / 1000, time.title);
      if (time.textContent !== text) time.textContent = text;
    }
    for (const time of all("time[data-goes]")) {
      const seconds = Math.ceil((Date.parse(time.dateTime) - now) / 1000);
      if (seconds > 3600) continue;
      const text = seconds > 90 ? `Goes in ${Math.round(seconds / 60)} min` : seconds > 0 ? `Goes in ${seconds} s` : "Going";
      if (time.textContent !== text) time.textContent = text;
      if (seconds <= 0 && !time.dataset.over) {
        time.dataset.over = "1"; // what can be undone has changed, though nothing in the database has
        setTimeout(() => all("[hx-trigger*=look-again]").forEach((it) => it.dispatchEvent(new Event("look-again"))), 1100);
      }
    }
  }

  // --- Focus -------------------------------------------------------------------------------------------------------

  let place = null; // where the focus was before a swap: the ids of what holds it, the nearest first

  function rememberPlace() {
    place = [];
    for (let it = document.activeElement; it && it !== document.body; it = it.parentElement) {
      if (it.id && (it.tabIndex >= 0 || it.hasAttribute("tabindex"))) place.push(it.id);
    }
  }

  function restorePlace(swapped) {
    const wanted = swapped.querySelector?.("[autofocus]");
    if (wanted) return wanted.focus();
    if (document.activeElement && document.activeElement !== document.body) return;
    place?.map(byId).find((it) => it)?.focus({ preventScroll: true });
  }

  // --- Notes that answer a press or a poll ---------------------------------------------------------------------------

  function noteBeside(form, words) {
    clearNote(form);
    const note = document.createElement("p");
    note.className = "error answer";
    note.setAttribute("role", "alert");
    note.tabIndex = -1;
    note.textContent = words;
    (form.querySelector(".end") || form).append(note);
    note.focus();
  }

  const clearNote = (form) => form.querySelector(".answer")?.remove();

  function pressFailed(form, status) {
    if (status === 401) return noteBeside(form, WORDS.signedOut);
    if (status && status < 500) return noteBeside(form, WORDS.refused);
    noteBeside(form, form.classList.contains("form") ? WORDS.silent : WORDS.silentPress);
  }

  let misses = 0;
  let lastWell = new Date();

  function pollFailed(poller, status) {
    misses += 1;
    if (status === 401) liveNote(poller, WORDS.signedOut);
    else if (misses >= 3) liveNote(poller, `Live updates stopped at ${clock(lastWell)}. Trying again.`);
  }

  function pollWorked() {
    misses = 0;
    lastWell = new Date();
    byId("live-note")?.remove();
  }

  function liveNote(poller, words) {
    let note = byId("live-note");
    if (!note) {
      note = document.createElement("p");
      note.id = "live-note";
      note.className = "note warn";
      poller.before(note);
    }
    if (note.textContent !== words) note.textContent = words;
  }

  // --- Speaking: one's own tasks that ended, summed, at most every 10 s ------------------------------------------------

  const ENDS = { done: "done", attention: "needs attention", failed: "failed" };
  let states = new Map();
  let ended = [];
  let spokenAt = -10000;

  function listen() {
    const seen = new Map(all("li.row[data-own]").map((row) => [row.id, row]));
    for (const [id, row] of seen) {
      const before = states.get(id);
      const now = row.dataset.state;
      if (before && before !== now && ENDS[now]) ended.push({ state: now, title: row.querySelector(".title").textContent });
    }
    states = new Map([...seen].map(([id, row]) => [id, row.dataset.state]));
    if (ended.length) setTimeout(speak, Math.max(0, spokenAt + 10000 - performance.now()));
  }

  function speak() {
    const status = byId("status");
    if (!ended.length || !status || performance.now() < spokenAt + 10000) return;
    const count = (state) => ended.filter((one) => one.state === state).length;
    const parts = Object.keys(ENDS).filter(count).map((state, i) => `${i ? count(state) : plural(count(state), "task")} ${ENDS[state]}`);
    const bad = ended.filter((one) => one.state !== "done");
    const named = bad.length ? bad : ended.length === 1 ? ended : [];
    status.className = "unseen";
    status.textContent = parts.join(", ") + (named.length ? `: ${named.slice(0, 3).map((one) => one.title).join(", ")}` : "");
    ended = [];
    spokenAt = performance.now();
  }

  // --- htmx ----------------------------------------------------------------------------------------------------------

  const isPoller = (element) => element?.matches?.("#task-log, #task-live");

  document.addEventListener("htmx:config:request", (event) => {
    const { sourceElement, sourceEvent } = event.detail.ctx;
    if (document.hidden && sourceEvent?.type === "every") event.preventDefault();
    if (sourceElement.matches?.("[data-press]")) clearNote(sourceElement);
  });
  document.addEventListener("htmx:after:request", (event) => {
    const { sourceElement, response } = event.detail.ctx;
    if (isPoller(sourceElement) && response.status < 400) pollWorked();
    if (sourceElement.dataset.address && response.status < 400) keepAddress(sourceElement);
  });
  document.addEventListener("htmx:response:error", (event) => failed(event.detail.ctx));
  document.addEventListener("htmx:error", (event) => event.detail.ctx && failed(event.detail.ctx));
  document.addEventListener("htmx:before:swap", rememberPlace);
  document.addEventListener("htmx:after:swap", (event) => {
    const target = event.detail.ctx?.target;
    const status = event.detail.ctx?.response?.status;
    if (status === 204 || (status >= 400 && status !== 422 && status !== 413)) return; // told, though nothing was swapped
    drawTimes();
    all("[data-kept] input[type=file]").forEach((input) => (input.value = ""));
    all("form[data-anew]").forEach((form) => form.reset()); // a morph leaves what was typed; here the server knows better
    if (target?.isConnected) restorePlace(target);
    if (target?.matches?.("form") || target?.querySelector?.("form.form")) sayRefused();
    listen();
    reveal();
  });

  // The title of a refused form says so, as it does where the whole page came anew.
  function sayRefused() {
    const plain = document.title.replace(/^Error: /, "");
    document.title = (document.querySelector("[aria-invalid=true]") ? "Error: " : "") + plain; // notices.js counts behind it
  }

  function failed(ctx) {
    const form = ctx.sourceElement;
    const status = ctx.response?.status || 0;
    if (isPoller(form)) pollFailed(form, status);
    else if (status === 422 || status === 413) return; // the form itself says what is wrong
    else if (form.closest?.("[data-press]")) pressFailed(form.closest("[data-press]"), status);
  }

  function keepAddress(form) {
    const values = [...new FormData(form)].filter(([, value]) => value);
    const query = new URLSearchParams(values).toString();
    history.replaceState(null, "", form.dataset.address + (query ? `?${query}` : ""));
  }

  // --- Files: dropped, and measured before they travel -----------------------------------------------------------------

  document.addEventListener("change", (event) => {
    const input = event.target;
    if (input.type !== "file") return;
    input.closest(".field")?.querySelector(".error.size")?.remove();
    const limit = Number(input.dataset.maxBytes || 0);
    if (!limit || [...input.files].every((file) => file.size <= limit)) return;
    event.stopPropagation();
    input.value = "";
    const note = document.createElement("p");
    note.className = "error size";
    note.setAttribute("role", "alert");
    note.textContent = input.dataset.tooLarge;
    input.closest(".field").append(note);
    input.focus();
  }, true);

  for (const [name, on] of [["dragenter", true], ["dragover", true], ["dragleave", false], ["drop", false]]) {
    document.addEventListener(name, (event) => {
      const area = event.target.closest?.("[data-drop]");
      if (!area || ![...(event.dataTransfer?.types || [])].includes("Files")) return;
      event.preventDefault();
      area.classList.toggle("over", on);
      if (name !== "drop") return;
      const input = area.querySelector("input[type=file]");
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }

  // --- Small things ----------------------------------------------------------------------------------------------------

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
    const search = document.querySelector("[data-search]");
    event.preventDefault();
    if (search) search.focus();
    else if (document.querySelector('.rail a[href="/tasks"]')) location.assign("/tasks?find=1");
  });

  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (!button) return;
    const source = byId(button.dataset.copy);
    const text = source.value ?? source.textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch { // plain http has no clipboard: select it, so that Ctrl+C does
      source.select ? source.select() : getSelection().selectAllChildren(source);
      if (!document.execCommand("copy")) return;
    }
    const status = byId("status");
    status.className = "unseen";
    status.textContent = "Copied";
    button.dataset.was ??= button.lastChild.textContent;
    button.lastChild.textContent = "Copied";
    setTimeout(() => (button.lastChild.textContent = button.dataset.was), 2000);
  });

  // --- Columns of a list, put where the cursor was ----------------------------------------------------------------------

  let written = null; // the subject or the message, whichever was written in last

  document.addEventListener("focusin", (event) => {
    if (event.target.matches?.("#subject, #body")) written = event.target;
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-insert]");
    if (!button) return;
    const field = written?.isConnected ? written : byId("body");
    field.setRangeText(button.dataset.insert, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });

  // --- The preview of an email: who it is for. One request at a time, always with all that is typed --------------------

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-look]");
    if (!button) return;
    const preview = byId("preview");
    const wanted = { row: button.dataset.look, step: button.dataset.step || "", who: "" };
    for (const [name, value] of Object.entries(wanted)) preview.querySelector(`[name=${name}]`).value = value;
    preview.dispatchEvent(new Event("look", { bubbles: true }));
  });

  function reveal() {
    for (const button of all("[data-copy][hidden]")) {
      const source = byId(button.dataset.copy);
      button.hidden = false;
      if (source.autofocus) { // without scripts the text itself has the focus
        source.select?.();
        button.focus();
      }
    }
  }

  function fillZone() {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    for (const control of all("[data-zone]")) {
      if (control.options && ![...control.options].some((option) => option.value === zone)) continue;
      control.value = zone;
    }
  }

  function begin() {
    document.documentElement.dataset.scripts = "";
    drawTimes();
    setInterval(drawTimes, 1000);
    listen();
    reveal();
    fillZone();
    const target = location.hash.length > 1 && byId(decodeURIComponent(location.hash.slice(1)));
    if (target && document.activeElement !== target) target.focus();
    if (new URLSearchParams(location.search).has("find")) document.querySelector("[data-search]")?.focus();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();

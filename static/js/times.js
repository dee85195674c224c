// Draws times relative to now and counts down to a message's start; chooses the browser's time zone in forms.
const AGO = new Intl.RelativeTimeFormat("en");
const SECOND_LOOK = 1100; // ms: the server draws a log at most once a second

// Updates every time on the page.
export function drawTimes() {
  const now = Date.now();
  for (const time of document.querySelectorAll("time[data-ago]")) {
    write(time, ago((now - Date.parse(time.dateTime)) / 1000, time.title));
  }
  for (const time of document.querySelectorAll("time[data-goes]")) {
    countDown(time, Math.ceil((Date.parse(time.dateTime) - now) / 1000));
  }
}

// Text for a moment `seconds` ago; `exact` once it is almost a day old.
function ago(seconds, exact) {
  if (seconds < 45) return "just now";
  if (seconds < 3570) return AGO.format(-Math.max(1, Math.round(seconds / 60)), "minute");
  if (seconds < 79200) return AGO.format(-Math.max(1, Math.round(seconds / 3600)), "hour");
  return exact;
}

function countDown(time, seconds) {
  if (seconds > 3600) return;
  const left = seconds > 90 ? `${Math.round(seconds / 60)} min` : `${seconds} s`;
  write(time, seconds > 0 ? `Goes in ${left}` : "Going");
  if (seconds > 0 || time.dataset.over) return;
  time.dataset.over = "1";
  setTimeout(reloadLogs, SECOND_LOOK);
}

// The end of the undo window changes a row's buttons but nothing in the database: a normal poll would answer 204.
function reloadLogs() {
  document.querySelectorAll("[hx-trigger*=look-again]").forEach((log) => log.dispatchEvent(new Event("look-again")));
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Chooses the browser's time zone where a form asks for one and offers it.
export function chooseTimeZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const control of document.querySelectorAll("[data-zone]")) {
    if (control.options && ![...control.options].some((option) => option.value === zone)) continue;
    control.value = zone;
  }
}

// Opens the requested page as soon as the panel answers again.
"use strict";
setInterval(async () => {
  try {
    if ((await fetch("/healthz", { cache: "no-store" })).ok) location.replace(location.href);
  } catch { /* not yet */ }
}, 3000);

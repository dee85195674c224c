// Writes the title of the tab: "Error: " after a refused form, then counts of running tasks and unread notices.
const ERROR = "Error: ";
const COUNTS = /^(?:\d+ running)?(?:, )?(?:\d+ unread)? · /;

// Marks the title if the form on the page was refused, as the server does for a whole page.
export function markRefusedForm() {
  const plain = document.title.startsWith(ERROR) ? document.title.slice(ERROR.length) : document.title;
  document.title = (document.querySelector("[aria-invalid=true]") ? ERROR : "") + plain;
}

// `running` and `unread` are the counts as texts.
export function drawCounts({ running, unread }) {
  const parts = [running !== "0" && `${running} running`, unread !== "0" && `${unread} unread`];
  const counts = parts.filter(Boolean).join(", ");
  const isError = document.title.startsWith(ERROR);
  const heading = (isError ? document.title.slice(ERROR.length) : document.title).replace(COUNTS, "");
  const title = (isError ? ERROR : "") + (counts ? `${counts} · ` : "") + heading;
  if (document.title !== title) document.title = title;
}

// Keeps the keyboard focus where it belongs: after a swap, and when a page opens.
let focusedBefore = []; // ids of the focused element and of its focusable ancestors, nearest first

export function rememberFocus() {
  focusedBefore = [];
  for (let element = document.activeElement; element && element !== document.body; element = element.parentElement) {
    if (element.id && (element.tabIndex >= 0 || element.hasAttribute("tabindex"))) focusedBefore.push(element.id);
  }
}

// Focuses what the server marked; else, if the swap removed the focused element, its nearest ancestor that is left.
export function restoreFocus(swapped) {
  const marked = swapped.querySelector?.("[autofocus]");
  if (marked) return marked.focus();
  if (document.activeElement && document.activeElement !== document.body) return;
  const left = focusedBefore.map((id) => document.getElementById(id)).find((element) => element);
  left?.focus({ preventScroll: true });
}

// Focuses the element that the address names, or the search field for ?find.
export function focusStart() {
  const named = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named && document.activeElement !== named) named.focus();
  if (new URLSearchParams(location.search).has("find")) document.querySelector("[data-search]")?.focus();
}

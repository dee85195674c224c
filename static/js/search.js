// Search: the key / goes to the search field, and the address always names what is searched for.
const TYPING = "input, textarea, select, [contenteditable]";

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.(TYPING)) return;
  event.preventDefault();
  const search = document.querySelector("[data-search]");
  if (search) search.focus();
  else if (document.querySelector('.rail a[href="/tasks"]')) location.assign("/tasks?find=1");
});

// Writes the values of a form with `data-address` into the address, so that a reload or a bookmark finds the same.
export function keepSearchInAddress(form) {
  const address = form.dataset.address;
  if (!address) return;
  const values = [...new FormData(form)].filter(([, value]) => value);
  const query = new URLSearchParams(values).toString();
  history.replaceState(null, "", address + (query ? `?${query}` : ""));
}

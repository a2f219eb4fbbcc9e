// Loaded before the page is drawn, so that a remembered theme never flashes.
try {
  const theme = localStorage.getItem("theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  // Storage is blocked: the theme is that of the system.
}

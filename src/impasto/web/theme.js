// Loaded before the page is drawn, so that nothing that is remembered changes before one's eyes.
try {
  const theme = localStorage.getItem("theme");
  if (theme) document.documentElement.dataset.theme = theme;
  document.documentElement.dataset.privacy = localStorage.getItem("privacy") ?? "";
} catch {
  // Storage is blocked: the theme is that of the system.
}

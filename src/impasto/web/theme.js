// Loaded before the page is drawn, so that nothing that is remembered changes before one's eyes.
try {
  for (const name of ["theme", "privacy"]) if (localStorage[name]) document.documentElement.dataset[name] = localStorage[name];
} catch {
  // Storage is blocked: the theme is that of the system.
}

// Runs before the first paint, so that someone who chose the dark theme never sees a white page.
try {
  const theme = localStorage.getItem('preau.theme')
  if (theme) document.documentElement.dataset.theme = theme
} catch {
  // Storage is refused: the system's theme is used.
}

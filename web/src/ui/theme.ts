import { makeAccentShades } from './contrast.ts'

export const themes = ['system', 'light', 'dark', 'contrast'] as const
export type Theme = (typeof themes)[number]

// public/theme.js reads the same key before the first paint.
const key = 'preau.theme'

/** The theme chosen on this device. */
export function readTheme(): Theme {
  const stored = document.documentElement.dataset['theme']
  return themes.find((theme) => theme === stored) ?? 'system'
}

/** Shows a theme and keeps the choice on this device. */
export function chooseTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
  try {
    if (theme === 'system') localStorage.removeItem(key)
    else localStorage.setItem(key, theme)
  } catch {
    // Storage is refused: the choice lasts as long as the page.
  }
}

/** Paints the pages with a tenant's accent, `#rrggbb`. */
export function applyAccent(accent: string): void {
  const { style } = document.documentElement
  for (const [theme, shades] of Object.entries(makeAccentShades(accent))) {
    style.setProperty(`--accent-${theme}`, shades.text)
    style.setProperty(`--on-accent-${theme}`, shades.onFill)
    style.setProperty(`--accent-soft-${theme}`, shades.soft)
  }
}

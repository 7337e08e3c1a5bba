/** A colour in OKLCH: lightness 0–1, chroma 0–0.4, hue in radians. Its lightness is even to the eye. */
interface Oklch {
  lightness: number
  chroma: number
  hue: number
}

type Rgb = [number, number, number]

/** Reads `#rrggbb` as linear-light red, green and blue between 0 and 1. */
function toLinear(hex: string): Rgb {
  const channel = (start: number) => {
    const value = Number.parseInt(hex.slice(start, start + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }
  return [channel(1), channel(3), channel(5)]
}

function toHex(rgb: Rgb): string {
  const channel = (value: number) => {
    const clipped = Math.min(1, Math.max(0, value))
    const encoded = clipped <= 0.0031308 ? clipped * 12.92 : 1.055 * clipped ** (1 / 2.4) - 0.055
    return Math.round(encoded * 255)
      .toString(16)
      .padStart(2, '0')
  }
  return `#${rgb.map(channel).join('')}`
}

// Matrices of B. Ottosson, "A perceptual color space for image processing" (2020).
function toOklch(hex: string): Oklch {
  const [r, g, b] = toLinear(hex)
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  const a = 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s
  const bb = 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s
  return {
    lightness: 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    chroma: Math.hypot(a, bb),
    hue: Math.atan2(bb, a),
  }
}

function fromOklch({ lightness, chroma, hue }: Oklch): string {
  const a = chroma * Math.cos(hue)
  const b = chroma * Math.sin(hue)
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  return toHex([
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ])
}

function luminance(hex: string): number {
  const [r, g, b] = toLinear(hex)
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

/** Contrast ratio of two `#rrggbb` colours, 1 to 21 (WCAG 2.2, relative luminance). */
export function contrastOf(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (lighter + 0.05) / (darker + 0.05)
}

/** The same hue, at another lightness and with at most so much chroma. */
function shade(hex: string, lightness: number, maximumChroma: number): string {
  const { chroma, hue } = toOklch(hex)
  return fromOklch({ lightness, chroma: Math.min(chroma, maximumChroma), hue })
}

/**
 * The nearest shade of a colour that stands out enough from all the given backgrounds: lightness moves away from
 * theirs by small steps, hue stays, and chroma fades near the ends. Ends at black or white when nothing else will do.
 */
export function readableOn(hex: string, backgrounds: string[], ratio: number): string {
  const light = luminance(backgrounds[0] ?? '#ffffff') > 0.18
  const { lightness, chroma, hue } = toOklch(hex)
  const step = light ? -0.01 : 0.01
  for (let l = lightness; l >= 0 && l <= 1; l += step) {
    const fade = light ? Math.min(1, l / 0.3) : Math.min(1, (1 - l) / 0.12)
    const candidate = fromOklch({ lightness: l, chroma: chroma * fade, hue })
    if (backgrounds.every((background) => contrastOf(candidate, background) >= ratio)) return candidate
  }
  return light ? '#000000' : '#ffffff'
}

/** Colours of the pages that accents are laid on; `tokens.css` uses the same. */
export const grounds = {
  light: { paper: '#faf6ef', surface: '#fffdf9', sunk: '#f1ebe0' },
  dark: { paper: '#171a21', surface: '#20242d', sunk: '#12141a' },
}

/** What one accent becomes in one theme. */
export interface AccentShades {
  /** Links, icons, the current item: readable (4.5:1) on every ground and on `soft`. */
  text: string
  /** Filled buttons. */
  fill: string
  /** Words on `fill`: at least 4.5:1. */
  onFill: string
  /** A quiet tint behind the current item. */
  soft: string
}

/** Computes the shades of a tenant's accent for the light and dark themes; each keeps WCAG AA whatever the accent. */
export function makeAccentShades(accent: string): { light: AccentShades; dark: AccentShades } {
  const make = (
    ground: (typeof grounds)['light'],
    softLightness: number,
    softChroma: number,
    ratio: number,
  ): AccentShades => {
    const soft = shade(accent, softLightness, softChroma)
    const text = readableOn(accent, [ground.paper, ground.surface, ground.sunk, soft], ratio)
    const onFill = contrastOf(text, '#ffffff') >= 4.5 ? '#ffffff' : ground.sunk
    return { text, fill: text, onFill, soft }
  }
  return { light: make(grounds.light, 0.935, 0.022, 4.6), dark: make(grounds.dark, 0.3, 0.045, 6) }
}

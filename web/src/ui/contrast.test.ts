import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { contrastOf, grounds, makeAccentShades, readableOn } from './contrast.ts'

const colour = fc.integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, '0')}`)

test('contrast is that of WCAG', () => {
  expect(contrastOf('#000000', '#ffffff')).toBeCloseTo(21, 5)
  expect(contrastOf('#767676', '#ffffff')).toBeCloseTo(4.54, 2)
  expect(contrastOf('#abcdef', '#abcdef')).toBe(1)
})

test('an accent that already stands out is kept', () => {
  expect(readableOn('#1d5c63', [grounds.light.paper], 4.5)).toBe('#1d5c63')
})

test('any accent gives readable shades in both themes', () => {
  fc.assert(
    fc.property(colour, (accent) => {
      const shades = makeAccentShades(accent)
      for (const theme of ['light', 'dark'] as const) {
        const { text, fill, onFill, soft } = shades[theme]
        for (const ground of [...Object.values(grounds[theme]), soft]) {
          expect(contrastOf(text, ground)).toBeGreaterThanOrEqual(4.5)
        }
        expect(contrastOf(onFill, fill)).toBeGreaterThanOrEqual(4.5)
      }
    }),
  )
})

test('the style sheet uses the grounds the shades are computed for', () => {
  const tokens = readFileSync(new URL('tokens.css', import.meta.url), 'utf8')
  for (const name of ['paper', 'surface', 'sunk'] as const) {
    expect(tokens).toContain(`--${name}: light-dark(${grounds.light[name]}, ${grounds.dark[name]});`)
  }
})

test('inks of the style sheet stand out from every ground', () => {
  const tokens = readFileSync(new URL('tokens.css', import.meta.url), 'utf8')
  const usual = tokens.slice(0, tokens.indexOf("[data-theme='contrast']"))
  const inks = [...usual.matchAll(/--(ink|muted|danger|warning|success): light-dark\((#\w{6}), (#\w{6})\)/g)]
  expect(inks.map(([, name]) => name)).toEqual(['ink', 'muted', 'danger', 'warning', 'success'])
  for (const [, , light = '', dark = ''] of inks) {
    for (const ground of Object.values(grounds.light)) expect(contrastOf(light, ground)).toBeGreaterThanOrEqual(4.5)
    for (const ground of Object.values(grounds.dark)) expect(contrastOf(dark, ground)).toBeGreaterThanOrEqual(4.5)
  }
})

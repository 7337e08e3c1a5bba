import { useSyncExternalStore } from 'react'

const face = "'Atkinson Hyperlegible Next Variable', 'Atkinson Hyperlegible', Verdana, sans-serif"

// Days as people write them: the day before the month.
const days = {
  year: '%Y',
  quarter: '%b %Y',
  month: '%b %Y',
  week: '%-d %b',
  date: '%-d %b',
  day: '%-d %b',
  hours: '%H:%M',
  minutes: '%H:%M',
  seconds: '%H:%M:%S',
  milliseconds: '%H:%M:%S',
}

/**
 * The looks of charts: Vega-Lite's configuration with the tokens of the pages. Single colours are CSS variables, so that a
 * change of theme, or printing, needs no new drawing; shades between two colours are computed, hence their values.
 */
export function makeChartConfig(ramp: [string, string], narrow: boolean): object {
  const label = {
    labelColor: 'var(--muted)',
    labelFontSize: 13.5,
    titleColor: 'var(--muted)',
    titleFontSize: 13.5,
    titleFontWeight: 400,
  }
  return {
    background: 'transparent',
    font: face,
    padding: { left: 2, right: narrow ? 10 : 16, top: 6, bottom: 2 },
    aria: false,
    view: { stroke: null },
    mark: { color: 'var(--chart-1)', tooltip: true },
    // An edge of the ground parts what touches. No round corners: Vega-Lite loses bars that have both a span and some.
    bar: { stroke: 'var(--surface)', strokeWidth: 1 },
    rect: { stroke: 'var(--surface)', strokeWidth: 1.5 },
    line: { strokeWidth: 2.5, strokeCap: 'round', strokeJoin: 'round' },
    trail: { color: 'var(--chart-1)' },
    point: { filled: true, size: 55, color: 'var(--chart-1)' },
    circle: { size: 55 },
    area: { color: 'var(--chart-1)', fillOpacity: 0.16, line: { color: 'var(--chart-1)' } },
    rule: { color: 'var(--muted)' },
    tick: { color: 'var(--chart-1)' },
    text: { color: 'var(--ink)', fontSize: 14, fontWeight: 600 },
    axis: {
      ...label,
      domainColor: 'var(--edge)',
      tickColor: 'var(--edge)',
      gridColor: 'var(--line)',
      labelPadding: 6,
      tickSize: 4,
      titlePadding: 10,
      labelLimit: narrow ? 110 : 220,
      labelOverlap: 'parity',
    },
    axisQuantitative: { domain: false, ticks: false, tickCount: narrow ? 4 : 5, gridDash: [2, 3] },
    axisTemporal: { format: days, grid: false, tickCount: narrow ? 3 : 6 },
    axisDiscrete: { ticks: false, grid: false, labelColor: 'var(--ink)' },
    axisXDiscrete: { labelAngle: 0 },
    axisYQuantitative: {
      titleAngle: 0,
      titleAlign: 'left',
      titleAnchor: 'end',
      titleBaseline: 'bottom',
      titleX: 0,
      titleY: -8,
    },
    legend: {
      ...label,
      orient: 'top',
      symbolType: 'square',
      symbolSize: 130,
      padding: 0,
      offset: 10,
      titleLimit: 240,
      labelLimit: 240,
      columns: narrow ? 2 : 0,
    },
    header: {
      ...label,
      labelColor: 'var(--ink)',
      labelFontWeight: 600,
      title: null,
      labelAnchor: 'start',
      labelLimit: 280,
    },
    title: { color: 'var(--ink)', fontSize: 15, fontWeight: 600, anchor: 'start' },
    range: {
      category: [
        'var(--chart-1)',
        'var(--chart-2)',
        'var(--chart-3)',
        'var(--chart-4)',
        'var(--chart-5)',
        'var(--chart-6)',
      ],
      ordinal: ramp,
      ramp,
      heatmap: ramp,
    },
  }
}

/** What a token is worth now, as `rgb(…)`. */
export function resolveColour(token: string, within: Element): string {
  const probe = document.createElement('span')
  probe.style.color = `var(${token})`
  within.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

let version = 0

/** A number that changes with the theme of the pages. */
export function useThemeVersion(): number {
  return useSyncExternalStore(subscribe, () => version)
}

function subscribe(onChange: () => void): () => void {
  const told = () => {
    version += 1
    onChange()
  }
  const observer = new MutationObserver(told)
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme', 'style'] })
  const queries = ['(prefers-color-scheme: dark)', '(prefers-contrast: more)'].map((query) => matchMedia(query))
  for (const query of queries) query.addEventListener('change', told)
  return () => {
    observer.disconnect()
    for (const query of queries) query.removeEventListener('change', told)
  }
}

import { useEffect, useEffectEvent, useRef, useState } from 'react'
import { type ChartPage, completeSpec } from './chart-spec.ts'
import { makeChartConfig, resolveColour, useThemeVersion } from './chart-theme.ts'
import './vega-chart.css'

type Pointed = { x: number; y: number; facts: [name: string, value: string][] } | undefined

/**
 * A chart described in Vega-Lite, in the colours and at the width of the page. One picture to screen readers: its label
 * says what it shows, and whoever uses it offers its table.
 * @param spec without data: its rows are named `rows`.
 * @param onFail told once when it cannot be drawn.
 */
export function VegaChart({
  spec,
  rows,
  columns,
  days,
  label,
  language,
  onFail,
}: Omit<ChartPage, 'width'> & {
  spec: object
  label: string
  onFail: (error: unknown) => void
}) {
  const frame = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  const [drawn, setDrawn] = useState(false)
  const [pointed, setPointed] = useState<Pointed>()
  const theme = useThemeVersion()
  const [from, until] = days ?? []
  const tellFailure = useEffectEvent(onFail)

  useEffect(() => {
    const element = frame.current
    if (!element) return
    const observer = new ResizeObserver(([entry]) => {
      // Whole steps: a scroll bar that comes and goes does not draw everything again.
      if (entry && entry.contentRect.width > 0) setWidth(Math.floor(entry.contentRect.width / 8) * 8)
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  useEffect(() => {
    const container = canvas.current
    if (!container || width === 0) return
    let stopped = false
    let remove: (() => void) | undefined
    const ramp: [string, string] = [resolveColour('--accent-soft', container), resolveColour('--accent', container)]
    const draw = async () => {
      // Drawing measures words: their face must be there.
      const [runtime] = await Promise.all([import('./vega-runtime.ts'), document.fonts.ready])
      if (stopped) return
      remove = await runtime.draw({
        container,
        spec: completeSpec(spec, { columns, rows, width, language, days: from && until ? [from, until] : undefined }),
        config: makeChartConfig(ramp, width < 480),
        language,
        label,
        onPoint: setPointed,
      })
      setDrawn(true)
    }
    draw().catch((error: unknown) => {
      if (!stopped) tellFailure(error)
    })
    return () => {
      stopped = true
      remove?.()
    }
  }, [spec, rows, columns, from, until, label, language, width, theme])

  return (
    <div className="vega" ref={frame}>
      <div className={drawn ? 'vega-canvas' : 'vega-canvas skeleton'} ref={canvas} />
      {pointed && (
        <dl
          aria-hidden="true"
          className="vega-tip"
          style={{
            insetInlineStart: Math.min(Math.max(pointed.x, 90), Math.max(width - 90, 90)),
            insetBlockStart: pointed.y,
          }}
        >
          {pointed.facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  )
}

import { Chart, type ChartPoint, type ChartWording } from '../../ui/chart.tsx'
import './voices-chart.css'

/** A point of a chart of voices; `strong` is what the question is about. */
interface VoicesPoint extends ChartPoint {
  strong?: boolean
}

/**
 * Bars from zero, one a name, against one line that says how far they must reach.
 * @param mark where the line stands, in the unit of the values; null for none.
 * @param whole the value of a bar of full width.
 */
export function VoicesChart({
  bars,
  mark,
  whole,
  ...wording
}: ChartWording & { bars: VoicesPoint[]; mark: number | null; whole: number }) {
  const share = (value: number) => `${Math.min(100, (100 * value) / (whole || 1))}%`
  return (
    <Chart points={bars} {...wording}>
      <div aria-hidden="true" className="voices">
        {bars.map((bar) => (
          <div className="voices-row" key={bar.fullLabel ?? bar.label}>
            <span className="voices-label">{bar.label}</span>
            <div className="voices-track">
              <div
                className={bar.strong === false ? 'voices-bar voices-other' : 'voices-bar'}
                style={{ inlineSize: share(bar.value) }}
              />
              {mark !== null && <span className="voices-mark" style={{ insetInlineStart: share(mark) }} />}
            </div>
            <span className="voices-value">{wording.format(bar.value)}</span>
          </div>
        ))}
      </div>
    </Chart>
  )
}

import { Chart, type ChartPoint, type ChartWording } from './chart.tsx'

/**
 * One question, its answer in the title, bars from zero with their values written on them, and its table one key away.
 * @param summary the same in a sentence, for who does not see the picture.
 */
export function BarChart({ bars, ...wording }: ChartWording & { bars: ChartPoint[] }) {
  const highest = Math.max(1, ...bars.map((bar) => bar.value))
  return (
    <Chart points={bars} {...wording}>
      <Columns bars={bars} format={wording.format} highest={highest} />
      <Rows bars={bars} format={wording.format} highest={highest} />
    </Chart>
  )
}

interface Picture {
  bars: ChartPoint[]
  highest: number
  format: (value: number) => string
}

const keyOf = (bar: ChartPoint) => bar.fullLabel ?? bar.label

/** The picture on wide screens: one column a bar. */
function Columns({ bars, highest, format }: Picture) {
  const [width, height, gap] = [720, 180, 8]
  const step = width / Math.max(1, bars.length)
  const thick = Math.min(step - gap, 96)
  return (
    <svg aria-hidden="true" className="chart-picture chart-columns" viewBox={`0 0 ${width} ${height + 56}`}>
      <path className="chart-base" d={`M0 ${height + 26.5}H${width}`} />
      {bars.map((bar, index) => {
        const size = (bar.value / highest) * height
        return (
          <g key={keyOf(bar)} transform={`translate(${index * step} 0)`}>
            <rect
              className="chart-bar"
              height={size}
              rx="3"
              width={thick}
              x={(step - thick) / 2}
              y={height + 26 - size}
            />
            <text className="chart-value" textAnchor="middle" x={step / 2} y={height + 18 - size}>
              {format(bar.value)}
            </text>
            <text className="chart-label" textAnchor="middle" x={step / 2} y={height + 50}>
              {bar.label}
            </text>
          </g>
        )
      })}
    </svg>
  )
}

/** The picture on phones: one line a bar, so that words keep their size. */
function Rows({ bars, highest, format }: Picture) {
  const [width, line, labels, values] = [288, 26, 50, 56]
  return (
    <svg aria-hidden="true" className="chart-picture chart-rows" viewBox={`0 0 ${width} ${bars.length * line}`}>
      <path className="chart-base" d={`M${labels} 0V${bars.length * line}`} />
      {bars.map((bar, index) => {
        const size = (bar.value / highest) * (width - labels - values)
        return (
          <g key={keyOf(bar)} transform={`translate(0 ${index * line})`}>
            <text className="chart-label" x="0" y="18">
              {bar.label}
            </text>
            <rect className="chart-bar" height={line - 8} rx="3" width={size} x={labels} y="4" />
            <text className="chart-value" x={labels + size + 6} y="18">
              {format(bar.value)}
            </text>
          </g>
        )
      })}
    </svg>
  )
}

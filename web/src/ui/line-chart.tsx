import { Chart, type ChartPoint, type ChartWording } from './chart.tsx'

/** How one figure went on: a line over a base of zero, its first, last and extreme values written, its table one key away. */
export function LineChart({ points, ...wording }: ChartWording & { points: ChartPoint[] }) {
  return (
    <Chart points={points} {...wording}>
      <Line className="chart-columns" format={wording.format} height={170} points={points} width={720} />
      <Line className="chart-rows" format={wording.format} height={130} points={points} width={288} />
    </Chart>
  )
}

function Line({
  points,
  format,
  width,
  height,
  className,
}: {
  points: ChartPoint[]
  format: (value: number) => string
  width: number
  height: number
  className: string
}) {
  const [top, bottom, side] = [28, 30, 8]
  const highest = Math.max(1, ...points.map(({ value }) => value))
  const x = (index: number) =>
    points.length === 1 ? width / 2 : side + (index / (points.length - 1)) * (width - 2 * side)
  const y = (value: number) => top + (1 - value / highest) * height
  const last = points.length - 1
  const values = points.map(({ value }) => value)
  // Told once each: where two fall on the same point or side by side, one number is enough.
  const told = [last, values.indexOf(Math.max(...values)), values.indexOf(Math.min(...values)), 0].filter(
    (index, place, all) => all.slice(0, place).every((other) => Math.abs(x(index) - x(other)) > width / 6),
  )
  const anchor = (index: number) => (x(index) < width / 8 ? 'start' : x(index) > (width * 7) / 8 ? 'end' : 'middle')
  const path = points.map(({ value }, index) => `${index === 0 ? 'M' : 'L'}${x(index)} ${y(value)}`).join('')
  return (
    <svg aria-hidden="true" className={`chart-picture ${className}`} viewBox={`0 0 ${width} ${top + height + bottom}`}>
      <path className="chart-area" d={`${path}V${top + height}H${x(0)}Z`} />
      <path className="chart-base" d={`M0 ${top + height + 0.5}H${width}`} />
      <path className="chart-line" d={path} />
      {points.map(({ label, fullLabel, value }, index) => (
        <circle
          className="chart-point"
          cx={x(index)}
          cy={y(value)}
          key={fullLabel ?? label}
          r={points.length > 20 ? 2 : 3.5}
        />
      ))}
      {told.map((index) => (
        <text className="chart-value" key={index} textAnchor={anchor(index)} x={x(index)} y={y(values[index] ?? 0) - 9}>
          {format(values[index] ?? 0)}
        </text>
      ))}
      <text className="chart-label" textAnchor="start" x={0} y={top + height + 23}>
        {points[0]?.label}
      </text>
      {last > 0 && (
        <text className="chart-label" textAnchor="end" x={width} y={top + height + 23}>
          {points[last]?.label}
        </text>
      )}
    </svg>
  )
}

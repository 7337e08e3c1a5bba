import { type ReactNode, useId, useState } from 'react'
import { Button } from './button.tsx'
import { Table } from './table.tsx'
import './bar-chart.css'

export interface Bar {
  label: string
  /** Long form of the label, for the table. */
  fullLabel?: string
  value: number
}

/**
 * One question, its answer in the title, bars from zero with their values written on them, and its table one key away.
 * @param summary the same in a sentence, for who does not see the picture.
 */
export function BarChart({
  title,
  summary,
  bars,
  columns,
  wording,
  format,
}: {
  title: string
  summary: ReactNode
  bars: Bar[]
  columns: { label: string; value: string }
  wording: { showTable: string; showChart: string }
  format: (value: number) => string
}) {
  const [asTable, setAsTable] = useState(false)
  const id = useId()
  const highest = Math.max(1, ...bars.map((bar) => bar.value))
  const [width, height, gap] = [720, 180, 8]
  const step = width / Math.max(1, bars.length)
  return (
    <figure aria-labelledby={`${id}-title`} className="chart">
      <figcaption>
        <h3 id={`${id}-title`}>{title}</h3>
        <p className="quiet">{summary}</p>
      </figcaption>
      {asTable ? (
        <Table
          caption={title}
          head={
            <tr>
              <th scope="col">{columns.label}</th>
              <th className="number" scope="col">
                {columns.value}
              </th>
            </tr>
          }
        >
          {bars.map((bar) => (
            <tr key={bar.fullLabel ?? bar.label}>
              <th scope="row">{bar.fullLabel ?? bar.label}</th>
              <td className="number">{format(bar.value)}</td>
            </tr>
          ))}
        </Table>
      ) : (
        <svg aria-hidden="true" className="chart-picture" viewBox={`0 0 ${width} ${height + 56}`}>
          <path className="chart-base" d={`M0 ${height + 26.5}H${width}`} />
          {bars.map((bar, index) => {
            const size = (bar.value / highest) * height
            return (
              <g key={bar.fullLabel ?? bar.label} transform={`translate(${index * step} 0)`}>
                <rect
                  className="chart-bar"
                  height={size}
                  rx="3"
                  width={step - gap}
                  x={gap / 2}
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
      )}
      <div>
        <Button look="quiet" onClick={() => setAsTable(!asTable)}>
          {asTable ? wording.showChart : wording.showTable}
        </Button>
      </div>
    </figure>
  )
}

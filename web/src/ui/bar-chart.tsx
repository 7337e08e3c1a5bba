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
        <>
          <Columns bars={bars} format={format} highest={highest} />
          <Rows bars={bars} format={format} highest={highest} />
        </>
      )}
      <div>
        <Button look="quiet" onClick={() => setAsTable(!asTable)}>
          {asTable ? wording.showChart : wording.showTable}
        </Button>
      </div>
    </figure>
  )
}

interface Picture {
  bars: Bar[]
  highest: number
  format: (value: number) => string
}

const keyOf = (bar: Bar) => bar.fullLabel ?? bar.label

/** The picture on wide screens: one column a bar. */
function Columns({ bars, highest, format }: Picture) {
  const [width, height, gap] = [720, 180, 8]
  const step = width / Math.max(1, bars.length)
  return (
    <svg aria-hidden="true" className="chart-picture chart-columns" viewBox={`0 0 ${width} ${height + 56}`}>
      <path className="chart-base" d={`M0 ${height + 26.5}H${width}`} />
      {bars.map((bar, index) => {
        const size = (bar.value / highest) * height
        return (
          <g key={keyOf(bar)} transform={`translate(${index * step} 0)`}>
            <rect className="chart-bar" height={size} rx="3" width={step - gap} x={gap / 2} y={height + 26 - size} />
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

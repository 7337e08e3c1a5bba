import { type ReactNode, useId, useState } from 'react'
import { Button } from './button.tsx'
import { Table } from './table.tsx'
import './chart.css'

export interface ChartPoint {
  label: string
  /** Long form of the label, for the table; the points are told apart by it. */
  fullLabel?: string
  value: number
}

export interface ChartWording {
  /** The answer to the one question of the chart. */
  title: string
  /** The same in a sentence, for who does not see the picture. */
  summary: ReactNode
  columns: { label: string; value: string }
  wording: { showTable: string; showChart: string }
  format: (value: number) => string
}

/** Around the picture of any chart: its title, its sentence, and its table one key away. */
export function Chart({
  title,
  summary,
  columns,
  wording,
  format,
  points,
  children,
}: ChartWording & { points: ChartPoint[]; children: ReactNode }) {
  const [asTable, setAsTable] = useState(false)
  const id = useId()
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
          {points.map((point) => (
            <tr key={point.fullLabel ?? point.label}>
              <th scope="row">{point.fullLabel ?? point.label}</th>
              <td className="number">{format(point.value)}</td>
            </tr>
          ))}
        </Table>
      ) : (
        children
      )}
      <div>
        <Button look="quiet" onClick={() => setAsTable(!asTable)}>
          {asTable ? wording.showChart : wording.showTable}
        </Button>
      </div>
    </figure>
  )
}

import './progress.css'

/** Work under way: what, how far, and the time left when it can be told. */
export function Progress({
  label,
  value,
  maximum,
  note,
}: {
  label: string
  /** Absent while the extent is unknown. */
  value?: number | undefined
  maximum: number
  note?: string | undefined
}) {
  return (
    <div className="progress">
      <div className="progress-words">
        <span className="progress-label">{label}</span>
        {note && <span className="quiet">{note}</span>}
      </div>
      <progress aria-label={label} max={maximum} {...(value === undefined ? {} : { value })} />
    </div>
  )
}

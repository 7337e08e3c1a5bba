import './proportion-bar.css'

export interface Part {
  key: 'added' | 'modified' | 'removed' | 'unchanged'
  value: number
}

/** How a whole is shared out, as one small bar; decorative: the same figures stand beside it. */
export function ProportionBar({ parts }: { parts: Part[] }) {
  const total = parts.reduce((sum, part) => sum + part.value, 0)
  if (total === 0) return null
  return (
    <span aria-hidden="true" className="proportion">
      {parts
        .filter((part) => part.value > 0)
        .map((part) => (
          <span className={`proportion-${part.key}`} key={part.key} style={{ flexGrow: part.value / total }} />
        ))}
    </span>
  )
}

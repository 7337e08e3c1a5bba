import './skeleton.css'

/** Lines of a text to come; hidden from screen readers, whom the page tells by `aria-busy`. */
export function SkeletonLines({ count = 3 }: { count?: number }) {
  return (
    <div aria-hidden="true" className="skeleton-lines">
      {Array.from({ length: count }, (_, index) => (
        <span className="skeleton" key={index} style={{ inlineSize: `${[92, 78, 85, 64][index % 4]}%` }} />
      ))}
    </div>
  )
}

/** A list to come, of its true row height. */
export function SkeletonRows({ count = 5, height = '3.25rem' }: { count?: number; height?: string }) {
  return (
    <div aria-hidden="true" className="skeleton-rows">
      {Array.from({ length: count }, (_, index) => (
        <span className="skeleton" key={index} style={{ blockSize: height }} />
      ))}
    </div>
  )
}

import { useRef } from 'react'
import { buttonClass } from '../../ui/button.tsx'

/** Chooses a file among those that may be kept; the same one may be chosen again. @param of what it is added to, for who does not see the page */
export function FileButton({ label, of, onChoose }: { label: string; of: string; onChoose: (file: File) => void }) {
  const input = useRef<HTMLInputElement>(null)
  return (
    <div>
      <label className={buttonClass('quiet')}>
        {label}
        <span className="visually-hidden"> : {of}</span>
        <input
          accept=".pdf,.odt,.ods,.odp,.docx,.xlsx,.pptx,.csv,.txt,.png,.jpg,.jpeg,.zip"
          className="visually-hidden"
          onChange={({ target }) => {
            const [file] = target.files ?? []
            if (file) onChoose(file)
            if (input.current) input.current.value = ''
          }}
          ref={input}
          type="file"
        />
      </label>
    </div>
  )
}

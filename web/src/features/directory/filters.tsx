import { type ReactNode, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../../ui/button.tsx'

/** Filters beside a search: always there on a wide screen, behind a button on a phone, where results come first. */
export function Filters({ chosen, children }: { chosen: number; children: ReactNode }) {
  const { t } = useTranslation('shell')
  const [open, setOpen] = useState(false)
  const id = useId()
  return (
    <>
      <Button aria-controls={id} aria-expanded={open} className="filters-toggle" onClick={() => setOpen(!open)}>
        {chosen > 0 ? t('filtersChosen', { count: chosen }) : t('filters')}
      </Button>
      <div className={open ? 'filters-fields filters-open' : 'filters-fields'} id={id}>
        {children}
      </div>
    </>
  )
}

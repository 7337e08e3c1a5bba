import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icons.tsx'
import type { Audience } from './looking.ts'
import './dashboard-tour.css'

/** What each step shows: its words are `tour:<step>.title` and `.text`, its place on the page a selector. */
const places = {
  filters: '.dashboard-filters, .dashboard-filters-toggle',
  answer: '.indicator .indicator-title',
  table: '.indicator .indicator-tools',
  hidden: '.indicator',
  named: '.indicator .indicator-tools',
  own: '.places',
  compare: '.dashboard-filters, .dashboard-filters-toggle',
} satisfies Record<string, string>
type Step = keyof typeof places

const stepsOf: Record<Audience, Step[]> = {
  student: ['answer', 'table', 'filters', 'own'],
  teacher: ['answer', 'table', 'named', 'filters', 'hidden'],
  programme: ['answer', 'table', 'compare', 'hidden'],
  institution: ['answer', 'table', 'compare', 'hidden'],
}

const key = (audience: Audience) => `preau.tour.${audience}`

/** Whether somebody was offered the visit on this device. Without storage, as in some frames, they were. */
function wasOffered(audience: Audience): boolean {
  try {
    return localStorage.getItem(key(audience)) !== null
  } catch {
    return true
  }
}

function noteOffered(audience: Audience): void {
  try {
    localStorage.setItem(key(audience), 'seen')
  } catch {
    // Then it is proposed by the button only.
  }
}

/**
 * A visit of the dashboard in a few steps, proposed once and there to be taken again. It covers nothing: the page stays
 * usable at each step.
 */
export function DashboardTour({ audience }: { audience: Audience }) {
  const { t } = useTranslation('tour')
  const [offered, setOffered] = useState(() => !wasOffered(audience))
  const [at, setAt] = useState<number>()
  const steps = stepsOf[audience]
  const step = at === undefined ? undefined : steps[at]
  const panel = useRef<HTMLElement>(null)

  useEffect(() => {
    if (step === undefined) return undefined
    let shown: Element | undefined
    const show = () => {
      shown = [...document.querySelectorAll(places[step])].find((each) => each.checkVisibility())
      if (!shown) return
      arriving.disconnect()
      shown.classList.add('tour-shown')
      const calm = window.matchMedia('(prefers-reduced-motion: reduce)').matches
      shown.scrollIntoView({ block: 'start', behavior: calm ? 'instant' : 'smooth' })
    }
    // The cards may be on their way still.
    const arriving = new MutationObserver(show)
    arriving.observe(document.body, { childList: true, subtree: true })
    show()
    panel.current?.focus({ preventScroll: true })
    const endByEscape = ({ key: pressed }: KeyboardEvent) => {
      if (pressed === 'Escape') setAt(undefined)
    }
    document.addEventListener('keydown', endByEscape)
    return () => {
      arriving.disconnect()
      shown?.classList.remove('tour-shown')
      document.removeEventListener('keydown', endByEscape)
    }
  }, [step])

  const begin = () => {
    noteOffered(audience)
    setOffered(false)
    setAt(0)
  }
  const end = () => setAt(undefined)
  if (at === undefined || step === undefined) {
    return (
      <section aria-label={t('label')} className={offered ? 'tour-offer' : 'tour-again'}>
        {offered && <p>{t('offer', { count: steps.length })}</p>}
        <div className="tour-buttons">
          <Button look={offered ? 'secondary' : 'quiet'} onClick={begin}>
            {t('begin')}
          </Button>
          {offered && (
            <Button
              look="quiet"
              onClick={() => {
                noteOffered(audience)
                setOffered(false)
              }}
            >
              {t('refuse')}
            </Button>
          )}
        </div>
      </section>
    )
  }
  return (
    <section aria-label={t('label')} className="tour" ref={panel} tabIndex={-1}>
      <div className="tour-head">
        <p className="tour-place">{t('place', { at: at + 1, count: steps.length })}</p>
        <Button aria-label={t('stop')} className="tour-stop" look="quiet" onClick={end}>
          <Icon name="cross" size={19} />
        </Button>
      </div>
      <h2 className="tour-title">{t(`${step}.title`)}</h2>
      <p>{t(`${step}.text`)}</p>
      <div className="tour-buttons">
        {at > 0 && (
          <Button look="quiet" onClick={() => setAt(at - 1)}>
            {t('previous')}
          </Button>
        )}
        {at < steps.length - 1 ? (
          <Button look="primary" onClick={() => setAt(at + 1)}>
            {t('next')}
          </Button>
        ) : (
          <Button look="primary" onClick={end}>
            {t('finish')}
          </Button>
        )}
      </div>
    </section>
  )
}

import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import { useFormat } from '../../shell/format.ts'
import { useSession } from '../../shell/session.ts'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/field.tsx'

export interface PickedPerson {
  id: string
  givenName: string
  familyName: string
}

/** Chooses one person among those of an establishment, by the beginning of their name. */
export function PersonPicker({
  legend,
  establishmentId,
  picked,
  error,
  onPick,
}: {
  legend: string
  establishmentId: string
  picked: PickedPerson | undefined
  error?: string | undefined
  onPick: (person: PickedPerson | undefined) => void
}) {
  const { t } = useTranslation(['administration', 'shell'])
  const format = useFormat()
  const session = useSession()
  const [typed, setTyped] = useState('')
  const [q, setQ] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setQ(typed.trim()), 250)
    return () => clearTimeout(timer)
  }, [typed])
  const { data } = useQuery({
    queryKey: ['people', 'picker', establishmentId, q],
    queryFn: () =>
      read(api.GET('/api/directory/people', { params: { query: { q, establishment: establishmentId, limit: 8 } } })),
    enabled: q.length > 1 && !picked,
  })
  // Nobody gives oneself a right, nor a pupil or a parent as such.
  const people = (data?.people ?? []).filter(
    ({ id, affiliations }) =>
      id !== session.person.id && affiliations.some(({ profile }) => profile !== 'pupil' && profile !== 'guardian'),
  )
  return (
    <fieldset className="field">
      <legend className="field-label">{legend}</legend>
      {picked ? (
        <p className="inline-form">
          <strong>{t('picker.chosen', { name: format.name(picked) })}</strong>
          <Button
            look="quiet"
            onClick={() => {
              setTyped('')
              onPick(undefined)
            }}
          >
            {t('picker.change')}
          </Button>
        </p>
      ) : (
        <>
          <TextField
            autoComplete="off"
            error={error}
            hint={t('picker.hint')}
            label={t('picker.label')}
            onChange={(event) => setTyped(event.target.value)}
            spellCheck={false}
            type="search"
            value={typed}
          />
          <div aria-live="polite">
            {q.length > 1 && data && people.length === 0 && <p className="quiet">{t('picker.none')}</p>}
            {people.length > 0 && (
              <ul className="picker-list">
                {people.map((person) => (
                  <li key={person.id}>
                    <button
                      aria-label={t('picker.choose', { name: format.name(person) })}
                      className="picker-option"
                      onClick={() => onPick(person)}
                      type="button"
                    >
                      <strong>{format.name(person)}</strong>
                      <span className="small quiet">
                        {person.affiliations.map(({ profile }) => t(`shell:profile.${profile}`)).join(', ')}
                      </span>
                    </button>
                  </li>
                ))}
              </ul>
            )}
          </div>
        </>
      )}
    </fieldset>
  )
}

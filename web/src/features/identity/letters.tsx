import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'react-router'
import { api, read, readProblem } from '../../api/client.ts'
import { type Language, languages } from '../../i18n.ts'
import { paths } from '../../paths.ts'
import { useProblemText } from '../../shell/failure.tsx'
import { useFilters } from '../../shell/filters.ts'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Checkbox, RadioGroup, SelectField } from '../../ui/field.tsx'
import { Icon } from '../../ui/icons.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Progress } from '../../ui/progress.tsx'
import { Table } from '../../ui/table.tsx'
import type { Activation } from './managed-accounts-page.tsx'

const audiences = ['pupil', 'guardian', 'staff'] as const
type Batch = Activation['batches'][number]

// The key that opens the letters stays in this tab, so that a reload does not lose them; the server does not keep it.
const keyName = (id: string) => `preau.letters.${id}`

function keepKey(id: string, key: string): void {
  try {
    sessionStorage.setItem(keyName(id), key)
  } catch {
    // Storage is refused: the key lasts as long as the page.
  }
}

function findKey(id: string): string | undefined {
  try {
    return sessionStorage.getItem(keyName(id)) ?? undefined
  } catch {
    return undefined
  }
}

/** Letters for many: asked for, prepared by a job, taken once. */
export function Letters({ establishmentId, activation }: { establishmentId: string; activation: Activation }) {
  const { t } = useTranslation('administration')
  const { hash } = useLocation()
  const [current, setCurrent] = useState<{ id: string; key: string } | undefined>(() => {
    const open = activation.batches.find(({ id, own, state }) => own && state !== 'taken' && findKey(id) !== undefined)
    const key = open && findKey(open.id)
    return open && key && (open.state === 'running' || open.state === 'ready') ? { id: open.id, key } : undefined
  })
  useEffect(() => {
    if (hash === '#letters') document.querySelector('#letters')?.scrollIntoView()
  }, [hash])
  return (
    <div id="letters">
      <Section hint={t('letters.hint')} title={t('letters.title')}>
        {current ? (
          <Prepared
            establishmentId={establishmentId}
            id={current.id}
            key={current.id}
            onAgain={() => setCurrent(undefined)}
            secret={current.key}
          />
        ) : (
          <Ask activation={activation} establishmentId={establishmentId} onAsked={setCurrent} />
        )}
        {activation.batches.length > 0 && <Former activation={activation} />}
      </Section>
    </div>
  )
}

function Ask({
  establishmentId,
  activation,
  onAsked,
}: {
  establishmentId: string
  activation: Activation
  onAsked: (batch: { id: string; key: string }) => void
}) {
  const { t } = useTranslation('administration')
  const explain = useProblemText()
  const [parameters, change] = useFilters()
  const [everyone, setEveryone] = useState(false)
  const classId = activation.classes.find(({ id }) => id === parameters.get('class'))?.id
  const profile = audiences.find((each) => each === parameters.get('profile')) ?? 'pupil'
  const ask = useMutation({
    mutationFn: () =>
      read(
        api.POST('/api/identity/letters', {
          body: { establishmentId, classId: classId ?? null, profile, everyone },
        }),
      ),
    onSuccess: ({ id, key }) => {
      keepKey(id, key)
      onAsked({ id, key })
    },
  })
  return (
    <form
      className="form-panel"
      onSubmit={(event) => {
        event.preventDefault()
        ask.mutate()
      }}
    >
      {ask.error && <Notice kind="danger" live="alert" title={explain(ask.error)} />}
      <RadioGroup
        legend={t('letters.profile')}
        name="letters-profile"
        onChoose={(value) => change({ profile: value, page: '' })}
        options={audiences.map((value) => ({ value, label: t(`profile.${value}`) }))}
        value={profile}
      />
      <SelectField
        label={t('letters.class')}
        onChange={(event) => change({ class: event.target.value, page: '' })}
        options={[
          { value: '', label: t('letters.allClasses') },
          ...activation.classes.map(({ id, name }) => ({ value: id, label: name })),
        ]}
        value={classId ?? ''}
      />
      <Checkbox
        checked={everyone}
        label={t('letters.everyone')}
        onChange={(event) => setEveryone(event.target.checked)}
      />
      <div>
        <Button busy={ask.isPending} look="primary" type="submit">
          {t('letters.prepare')}
        </Button>
      </div>
    </form>
  )
}

function Prepared({
  id,
  secret,
  establishmentId,
  onAgain,
}: {
  id: string
  secret: string
  establishmentId: string
  onAgain: () => void
}) {
  const { t, i18n } = useTranslation('administration')
  const format = useFormat()
  const explain = useProblemText()
  const client = useQueryClient()
  const [language, setLanguage] = useState<Language>(i18n.language === 'en' ? 'en' : 'fr')
  const { data: batch } = useQuery({
    queryKey: ['letters', id],
    queryFn: () => read(api.GET('/api/identity/letters/{id}', { params: { path: { id } } })),
    refetchInterval: ({ state }) => (state.data === undefined || state.data.state === 'running' ? 700 : false),
  })
  const take = useMutation({
    mutationFn: (kind: 'pdf' | 'csv') => takeFile(id, { key: secret, format: kind, language }),
    onSettled: async () => {
      await client.invalidateQueries({ queryKey: ['letters', id] })
      await client.invalidateQueries({ queryKey: ['activation', establishmentId] })
    },
  })
  const skipped = Object.values(batch?.skipped ?? {}).reduce((sum, count) => sum + count, 0)
  const running = !batch || batch.state === 'running'
  return (
    <div aria-busy={running || undefined} aria-live="polite" className="form-panel">
      {running && (
        <Progress
          label={t('letters.running')}
          maximum={batch?.total ?? 1}
          note={t('letters.progress', {
            done: format.number(batch?.done ?? 0),
            total: format.number(batch?.total ?? 0),
          })}
          value={batch?.done}
        />
      )}
      {take.error && <Notice kind="danger" title={explain(take.error)} />}
      {batch?.state === 'refused' && <Notice kind="danger" title={t('letters.refused')} />}
      {skipped > 0 && <Notice kind="warning" title={t('letters.skipped', { count: skipped })} />}
      {take.isSuccess ? (
        <Notice kind="success" title={t('letters.taken')} />
      ) : (
        batch?.state === 'ready' && (
          <>
            <Notice kind="success" title={t('letters.ready', { count: batch.total - skipped })}>
              <p>{t('letters.once')}</p>
            </Notice>
            <RadioGroup
              legend={t('letters.language')}
              name="letters-language"
              onChoose={setLanguage}
              options={languages.map((value) => ({ value, label: { fr: 'Français', en: 'English' }[value] }))}
              value={language}
            />
            <p className="quiet small">{t('letters.csvHint')}</p>
            <div className="row">
              <Button busy={take.isPending} look="primary" onClick={() => take.mutate('pdf')}>
                <Icon name="print" /> {t('letters.pdf')}
              </Button>
              <Button busy={take.isPending} onClick={() => take.mutate('csv')}>
                {t('letters.csv')}
              </Button>
            </div>
          </>
        )
      )}
      {!running && (take.isSuccess || batch.state !== 'ready') && (
        <div>
          <Button onClick={onAgain}>{t('letters.again')}</Button>
        </div>
      )}
    </div>
  )
}

async function takeFile(id: string, body: { key: string; format: 'pdf' | 'csv'; language: Language }): Promise<void> {
  const answer = await fetch(paths.takeLetters(id), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw readProblem(answer.status, await answer.text())
  const url = URL.createObjectURL(await answer.blob())
  const link = document.createElement('a')
  link.href = url
  link.download = `preau-lettres.${body.format}`
  link.click()
  URL.revokeObjectURL(url)
}

function Former({ activation }: { activation: Activation }) {
  const { t } = useTranslation('administration')
  const format = useFormat()
  const nameOf = (batch: Batch) =>
    [
      t(`profile.${batch.scope.profile}`),
      activation.classes.find(({ id }) => id === batch.scope.classId)?.name ?? t('letters.allClasses'),
    ].join(', ')
  return (
    <details>
      <summary>{t('letters.former')}</summary>
      <Table
        caption={t('letters.former')}
        head={
          <tr>
            <th scope="col">{t('letters.formerWhen')}</th>
            <th scope="col">{t('letters.formerFor')}</th>
            <th className="number" scope="col">
              {t('letters.formerCount')}
            </th>
            <th scope="col">{t('letters.formerState')}</th>
          </tr>
        }
        stacked
      >
        {activation.batches.map((batch) => (
          <tr key={batch.id}>
            <th scope="row">{format.dateTime(batch.createdAt)}</th>
            <td data-label={t('letters.formerFor')}>
              <span>{nameOf(batch)}</span>
            </td>
            <td className="number" data-label={t('letters.formerCount')}>
              <span>{format.number(batch.total)}</span>
            </td>
            <td data-label={t('letters.formerState')}>
              <span>{t(`letters.states.${batch.state}`)}</span>
            </td>
          </tr>
        ))}
      </Table>
    </details>
  )
}

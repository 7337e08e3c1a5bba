import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import { audiencesQuery } from '../../api/queries.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { pickName } from './indicator-words.ts'
import { InsightPage } from './insight-page.tsx'
import { ProgrammeForm } from './programme-form.tsx'
import './programmes-page.css'

export type Programme =
  ApiPaths['/api/insight/programmes']['get']['responses'][200]['content']['application/json']['programmes'][number]

const programmesQuery = queryOptions({
  queryKey: ['insight', 'programmes'],
  queryFn: () => read(api.GET('/api/insight/programmes')),
})

/** Programmes: several courses, and who answers for them and so sees their dashboards. */
export function ProgrammesPage() {
  const { t } = useTranslation('dashboards')
  const { data, error, refetch } = useQuery(programmesQuery)
  const { data: looking } = useQuery(audiencesQuery)
  const [open, setOpen] = useState<string>()
  const [said, setSaid] = useState('')
  const close = (text: string) => {
    setOpen(undefined)
    setSaid(text)
  }
  return (
    <InsightPage
      audience={looking?.audiences[0]}
      busy={!data && !error}
      lead={t('programmes.lead')}
      title={t('programmes.title')}
    >
      <p aria-live="polite" className="visually-hidden">
        {said}
      </p>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={3} height="6rem" />}
      {data?.programmes.length === 0 && (
        <Empty title={t('programmes.none')}>
          <p>{t('programmes.noneHint')}</p>
        </Empty>
      )}
      {data && data.programmes.length > 0 && (
        <ul className="programmes">
          {data.programmes.map((programme) => (
            <li key={programme.id}>
              {open === programme.id ? (
                <ProgrammeForm
                  onDone={() => close(t('programmes.saved', { name: programme.name }))}
                  onLeave={() => setOpen(undefined)}
                  programme={programme}
                />
              ) : (
                <ProgrammeEntry
                  onEdit={() => setOpen(programme.id)}
                  onRemoved={() => close(t('programmes.removed', { name: programme.name }))}
                  programme={programme}
                />
              )}
            </li>
          ))}
        </ul>
      )}
      {open === 'new' ? (
        <Section title={t('programmes.add')}>
          <ProgrammeForm onDone={() => close(t('programmes.added'))} onLeave={() => setOpen(undefined)} />
        </Section>
      ) : (
        <div>
          <Button look="primary" onClick={() => setOpen('new')}>
            {t('programmes.add')}
          </Button>
        </div>
      )}
    </InsightPage>
  )
}

function ProgrammeEntry({
  programme: { id, name, courses, heads },
  onEdit,
  onRemoved,
}: {
  programme: Programme
  onEdit: () => void
  onRemoved: () => void
}) {
  const { t, i18n } = useTranslation('dashboards')
  const format = useFormat()
  const client = useQueryClient()
  const [asking, setAsking] = useState(false)
  const remove = useMutation({
    mutationFn: () => api.DELETE('/api/insight/programmes/{id}', { params: { path: { id } } }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['insight'] })
      onRemoved()
    },
  })
  const named = courses.map((course) => pickName(course.name, i18n.language) ?? t('card.unknownActivity'))
  return (
    <article className="programme">
      <h2>{name}</h2>
      <dl className="facts">
        <div>
          <dt>{t('programmes.heads')}</dt>
          <dd>{heads.length > 0 ? format.list(heads.map(format.name)) : t('programmes.noHead')}</dd>
        </div>
        <div>
          <dt>{t('programmes.courses')}</dt>
          <dd>{named.length > 0 ? format.list(named) : t('programmes.noCourse')}</dd>
        </div>
      </dl>
      <div className="row">
        <Button aria-label={t('programmes.editOf', { name })} onClick={onEdit}>
          {t('programmes.edit')}
        </Button>
        {asking ? (
          <>
            <Button busy={remove.isPending} look="danger" onClick={() => remove.mutate()}>
              {t('programmes.confirm')}
            </Button>
            <Button look="quiet" onClick={() => setAsking(false)}>
              {t('programmes.keep')}
            </Button>
          </>
        ) : (
          <Button aria-label={t('programmes.removeOf', { name })} look="quiet" onClick={() => setAsking(true)}>
            {t('programmes.remove')}
          </Button>
        )}
      </div>
      {remove.error && <Failure error={remove.error} />}
    </article>
  )
}

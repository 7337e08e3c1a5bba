import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { paths } from '../../paths.ts'
import { Failure, isMissing, useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Page, Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SelectField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import './directory.css'

type Successions =
  ApiPaths['/api/directory/establishments/{id}/successions/{startYear}']['get']['responses'][200]['content']['application/json']
type Predecessor = Successions['predecessors'][number]
type Decide = (predecessorId: string, successorId: string, state: 'confirmed' | 'refused') => void

/** Which class takes up what each class of the year before shared: proposed, confirmed or refused by the head. */
export function SuccessionsPage() {
  const { t } = useTranslation('years')
  const format = useFormat()
  const explain = useProblemText()
  const client = useQueryClient()
  const { id = '', startYear = '' } = useParams()
  const path = { params: { path: { id, startYear: Number(startYear) } } }
  const key = ['successions', id, startYear]
  const { data, error, refetch } = useQuery({
    queryKey: key,
    queryFn: () => read(api.GET('/api/directory/establishments/{id}/successions/{startYear}', path)),
  })
  const decide = useMutation({
    mutationFn: (decisions: { predecessorId: string; successorId: string; state: 'confirmed' | 'refused' }[]) =>
      read(api.POST('/api/directory/establishments/{id}/successions/{startYear}', { ...path, body: { decisions } })),
    onSuccess: (after) => client.setQueryData(key, after),
  })
  const back = { to: paths.establishment(id), label: data?.establishment.name ?? t('establishment') }
  if (!data) {
    return (
      <Page back={back} busy={!error} title={isMissing(error) ? t('succession.missing') : t('succession.title')}>
        {error ? <Failure error={error} onRetry={() => void refetch()} /> : <SkeletonRows count={8} height="4rem" />}
      </Page>
    )
  }
  const open = data.predecessors.flatMap(({ id: predecessorId, successors }) =>
    successors.flatMap(({ successorId, state }) =>
      state === 'proposed' ? [{ predecessorId, successorId, state: 'confirmed' as const }] : [],
    ),
  )
  // Before the next year's classes arrive nothing can take up anything: there is nothing to look at yet.
  const kinds = (['class', 'group'] as const).filter(
    (kind) => data.groups.length > 0 && data.predecessors.some((each) => each.kind === kind),
  )
  return (
    <Page
      back={back}
      lead={t('succession.lead', {
        from: format.schoolYear(data.startYear - 1),
        to: format.schoolYear(data.startYear),
      })}
      title={t('succession.title')}
    >
      {decide.error && <Notice kind="danger" live="alert" title={explain(decide.error)} />}
      {data.groups.length === 0 && (
        <Notice title={t('succession.notYet', { year: format.schoolYear(data.startYear) })}>
          <p>{t('succession.notYetHint')}</p>
        </Notice>
      )}
      {data.predecessors.length === 0 && data.renamed.length === 0 && <Empty title={t('succession.none')} />}
      {open.length > 0 && (
        <Notice title={t('succession.open', { count: open.length })}>
          <p>{t('succession.openHint')}</p>
          <div>
            <Button busy={decide.isPending} look="primary" onClick={() => decide.mutate(open)}>
              {t('succession.confirmAll', { count: open.length })}
            </Button>
          </div>
        </Notice>
      )}
      {data.renamed.length > 0 && (
        <Section hint={t('succession.renamedHint')} title={t('succession.renamed')}>
          <ul className="successions">
            {data.renamed.map((each) => (
              <Succession
                busy={decide.isPending}
                decide={(predecessorId, successorId, state) => decide.mutate([{ predecessorId, successorId, state }])}
                gone
                groups={each.successors.map((successor) => ({ id: successor.successorId, name: successor.name }))}
                key={each.id}
                predecessor={{
                  ...each,
                  successors: each.successors.map((successor) => ({ ...successor, reason: 'pupils', sure: false })),
                }}
              />
            ))}
          </ul>
        </Section>
      )}
      {kinds.map((kind) => {
        const list = (predecessors: Predecessor[]) => (
          <ul className="successions">
            {predecessors.map((each) => (
              <Succession
                busy={decide.isPending}
                decide={(predecessorId, successorId, state) => decide.mutate([{ predecessorId, successorId, state }])}
                groups={data.groups.filter((group) => group.kind === kind)}
                key={each.id}
                predecessor={each}
              />
            ))}
          </ul>
        )
        const all = data.predecessors.filter((each) => each.kind === kind)
        const settled = all.filter(isSettled)
        return (
          <Section key={kind} title={t(`succession.of.${kind}`)}>
            {list(all.filter((each) => !isSettled(each)))}
            {settled.length > 0 && (
              <details>
                <summary>{t('succession.settled', { count: settled.length })}</summary>
                {list(settled)}
              </details>
            )}
          </Section>
        )
      })}
    </Page>
  )
}

/** Whether nobody needs to look: what takes it up is confirmed, or will be by itself. */
function isSettled({ successors }: Predecessor): boolean {
  return successors.some(({ state, sure }) => state === 'confirmed' || (state === 'proposed' && sure))
}

function Succession({
  predecessor,
  groups,
  decide,
  busy,
  gone = false,
}: {
  predecessor: Predecessor
  groups: { id: string; name: string }[]
  decide: Decide
  busy: boolean
  /** Whether the class has no page any more. */
  gone?: boolean
}) {
  const { t } = useTranslation('years')
  const format = useFormat()
  const [chosen, setChosen] = useState('')
  const nameOf = (id: string) => groups.find((group) => group.id === id)?.name ?? ''
  const others = groups.filter(({ id }) => !predecessor.successors.some(({ successorId }) => successorId === id))
  return (
    <li className="succession">
      <div className="succession-from">
        {gone ? predecessor.name : <Link to={paths.teachingGroup(predecessor.id)}>{predecessor.name}</Link>}
        <span className="small quiet">{t('succession.pupils', { count: predecessor.pupils })}</span>
      </div>
      <div className="stack stack-tight">
        {predecessor.successors.length === 0 && <p className="quiet">{t('succession.ends')}</p>}
        {predecessor.successors.map(({ successorId, reason, share, state, sure }) => (
          <div className="succession-to" key={successorId}>
            <p>
              <span aria-hidden="true">→ </span>
              <strong>{nameOf(successorId)}</strong>{' '}
              <span className="small quiet">
                {reason === 'pupils'
                  ? t('succession.because.pupils', { share: format.percent(share / 10_000) })
                  : t(`succession.because.${reason}`)}
                {' · '}
                {t(`succession.state.${state}`)}
                {state === 'proposed' && sure && ` · ${t('succession.sure')}`}
              </span>
            </p>
            <div className="row">
              {state !== 'confirmed' && (
                <Button
                  aria-label={t('succession.confirmOf', { from: predecessor.name, to: nameOf(successorId) })}
                  busy={busy}
                  onClick={() => decide(predecessor.id, successorId, 'confirmed')}
                >
                  {t('succession.confirm')}
                </Button>
              )}
              {state !== 'refused' && (
                <Button
                  aria-label={t('succession.refuseOf', { from: predecessor.name, to: nameOf(successorId) })}
                  busy={busy}
                  look="quiet"
                  onClick={() => decide(predecessor.id, successorId, 'refused')}
                >
                  {t('succession.refuse')}
                </Button>
              )}
            </div>
          </div>
        ))}
        {others.length > 0 && (
          <details>
            <summary>{t('succession.other')}</summary>
            <div className="row row-end">
              <SelectField
                label={t('succession.choose', { name: predecessor.name })}
                onChange={(event) => setChosen(event.target.value)}
                options={[{ value: '', label: '' }, ...others.map(({ id, name }) => ({ value: id, label: name }))]}
                value={chosen}
              />
              <Button
                busy={busy}
                onClick={() => {
                  if (chosen) decide(predecessor.id, chosen, 'confirmed')
                }}
              >
                {t('succession.confirm')}
              </Button>
            </div>
          </details>
        )}
      </div>
    </li>
  )
}

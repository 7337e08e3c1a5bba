import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { api, read } from '../../../api/client.ts'
import { paths } from '../../../paths.ts'
import { Failure } from '../../../shell/failure.tsx'
import { Section } from '../../../shell/page.tsx'
import { Button } from '../../../ui/button.tsx'
import { Empty } from '../../../ui/empty.tsx'
import { TextArea } from '../../../ui/field.tsx'
import { SkeletonRows } from '../../../ui/skeleton.tsx'
import { GovernancePage } from '../governance-page.tsx'
import { useAgreement, useAgreementSlug } from '../governance.ts'
import { DefinitionFields } from './definition-fields.tsx'
import {
  type Definition,
  type Deliverables,
  deliverablesQuery,
  type ListContent,
  useDeliverables,
} from './deliverables.ts'
import { Gaps } from './pending-list.tsx'
import './deliverables.css'

const nothing: ListContent = { perimeter: { included: [], excluded: [] }, deliverables: [] }

/** Writes the draft of the next list, from the one in force or from nothing. */
export function ListFormPage() {
  const { t } = useTranslation('deliverables')
  const slug = useAgreementSlug()
  const { data: agreement } = useAgreement()
  // Read once: what somebody else saves meanwhile is told when one saves.
  const { data, error, refetch } = useQuery({ ...deliverablesQuery(slug), refetchOnWindowFocus: false })
  const writes = agreement?.manages === true && data?.pending?.state !== 'submitted'
  return (
    <GovernancePage
      back={{ to: paths.governanceDeliverables(slug), label: t('title') }}
      busy={!data && !error}
      lead={t('form.lead')}
      title={t('form.title')}
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={5} />}
      {data && agreement && !writes && <Empty title={t('form.notNow')}>{t('form.notNowText')}</Empty>}
      {data && writes && <ListForm data={data} />}
    </GovernancePage>
  )
}

/** A key that no deliverable bears, nor bore in an earlier list: it would take up its course. */
function findFreeKey(deliverables: { key: string }[]): string {
  for (let number = deliverables.length + 1; ; number += 1) {
    const key = `livrable-${number}`
    if (!deliverables.some((each) => each.key === key)) return key
  }
}

const toLines = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)

function ListForm({ data }: { data: Deliverables }) {
  const { t } = useTranslation('deliverables')
  const slug = useAgreementSlug()
  const navigate = useNavigate()
  const [revision] = useState(data.pending?.revision ?? 0)
  const [initial] = useState<ListContent>(
    () => data.pending?.content ?? (data.list && data.perimeter ? fromForce(data) : nothing),
  )
  const [perimeter, setPerimeter] = useState({
    included: initial.perimeter.included.join('\n'),
    excluded: initial.perimeter.excluded.join('\n'),
  })
  const [deliverables, setDeliverables] = useState(initial.deliverables)
  const save = useDeliverables(
    (_slug, content: ListContent) =>
      read(
        api.PUT('/api/governance/agreements/{slug}/deliverables/draft', {
          params: { path: { slug } },
          body: { revision, content },
        }),
      ),
    () => void navigate(paths.governanceDeliverables(slug)),
  )
  const set = (index: number, changed: Partial<Definition>) =>
    setDeliverables(deliverables.map((each, at) => (at === index ? { ...each, ...changed } : each)))
  return (
    <form
      className="deliverable-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        if (save.isPending) return
        const { included, excluded } = perimeter
        save.mutate({ perimeter: { included: toLines(included), excluded: toLines(excluded) }, deliverables })
      }}
    >
      {data.pending && data.pending.gaps.length > 0 && <Gaps pending={data.pending} />}
      <Section hint={t('form.perimeterHint')} title={t('perimeter.title')}>
        {(['included', 'excluded'] as const).map((part) => (
          <TextArea
            key={part}
            label={t(`perimeter.${part}`)}
            onChange={({ target }) => setPerimeter({ ...perimeter, [part]: target.value })}
            rows={4}
            value={perimeter[part]}
          />
        ))}
      </Section>
      <Section hint={t('form.deliverablesHint')} title={t('list')}>
        {deliverables.map((each, index) => (
          <details className="change-act" key={each.key} open={each.title === ''}>
            <summary>{each.title || t('form.untitled', { number: index + 1 })}</summary>
            <DefinitionFields definition={each} onChange={(changed) => set(index, changed)} />
            <div>
              <Button look="quiet" onClick={() => setDeliverables(deliverables.filter((_, at) => at !== index))}>
                {t('form.remove')}
                <span className="visually-hidden"> : {each.title || t('form.untitled', { number: index + 1 })}</span>
              </Button>
            </div>
          </details>
        ))}
        <div>
          <Button
            onClick={() =>
              setDeliverables([...deliverables, makeDefinition(findFreeKey([...data.deliverables, ...deliverables]))])
            }
          >
            {t('form.add')}
          </Button>
        </div>
      </Section>
      {save.error && <Failure error={save.error} />}
      <div>
        <Button busy={save.isPending} look="primary" type="submit">
          {t('form.save')}
        </Button>
      </div>
    </form>
  )
}

const makeDefinition = (key: string): Definition => ({
  key,
  title: '',
  what: '',
  kind: 'software',
  owner: '',
  dueOn: null,
  criteria: [{ what: '', measure: '' }],
  pilots: [],
  receivers: [],
})

/** The list in force, as one begins the next from it. */
const fromForce = ({ perimeter, deliverables }: Deliverables): ListContent => ({
  perimeter: perimeter ?? nothing.perimeter,
  deliverables: deliverables
    .filter(({ dropped }) => !dropped)
    .map(({ key, title, what, kind, owner, dueOn, criteria, pilots, receivers }) => ({
      key,
      title,
      what,
      kind,
      owner,
      dueOn,
      criteria,
      pilots,
      receivers,
    })),
})

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { ChangeTable, FaultTable } from './agreement-changes.tsx'
import { beginDraft, hasDraft } from './agreement-draft.ts'
import { useAgreementWords } from './agreement-words.ts'
import { type Rules, versionQuery } from './agreement.ts'
import { type Amendment, type CarryingOver as Plan, carryingOverQuery } from './amendments.ts'
import { useAgreementSlug } from './governance.ts'
import { useAct } from './meetings.ts'
import { StepForm } from './step-form.tsx'

/** What an overtaken amendment comes to on the last version: proposed again, or what to settle first. */
export function CarryingOver({ amendment }: { amendment: Amendment }) {
  const { t } = useTranslation('agreements')
  const slug = useAgreementSlug()
  const { lastVersion, number } = amendment
  const { data, error, refetch } = useQuery(carryingOverQuery(slug, number))
  const { data: version } = useQuery(versionQuery(slug, lastVersion))
  return (
    <Section hint={t('carry.hint')} title={t('carry.title', { number: lastVersion })}>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={3} />}
      {data && <Outcome amendment={amendment} plan={data} rules={version?.rules} />}
    </Section>
  )
}

function Outcome({ amendment, plan, rules }: { amendment: Amendment; plan: Plan; rules: Rules | undefined }) {
  const { t } = useTranslation('agreements')
  const slug = useAgreementSlug()
  const { conflicts, faults, changes, carriedOver, onto } = plan
  if (carriedOver !== null) {
    return (
      <Notice kind="info" title={t('carry.done')}>
        <Link to={paths.governanceAmendment(slug, carriedOver)}>{t('amendments.one', { number: carriedOver })}</Link>
      </Notice>
    )
  }
  if (conflicts.length > 0) {
    return (
      <>
        <Notice kind="warning" title={t('carry.conflicts', { count: conflicts.length })}>
          {t('carry.conflictsText', { number: onto })}
        </Notice>
        <ConflictTable amendment={amendment} plan={plan} rules={rules} />
        <Settling plan={plan} view="form" />
      </>
    )
  }
  if (faults.length > 0) {
    return (
      <>
        <Notice kind="warning" title={t('carry.faults')}>
          {t('carry.faultsText')}
        </Notice>
        <FaultTable faults={faults} />
        <Settling plan={plan} view="text" />
      </>
    )
  }
  if (changes.every(({ part, field }) => part === 'agreement' && field[0] === 'validFrom')) {
    return <Notice kind="info" title={t('carry.holds', { number: onto })} />
  }
  return (
    <>
      <ChangeTable caption={t('amendments.changes', { number: onto })} changes={changes} rules={rules} />
      <Proposing amendment={amendment} onto={onto} />
    </>
  )
}

function Proposing({ amendment: { number, state }, onto }: { amendment: Amendment; onto: number }) {
  const { t } = useTranslation('agreements')
  const slug = useAgreementSlug()
  const navigate = useNavigate()
  const carry = useAct(async () => {
    const made = await read(
      api.POST('/api/governance/agreements/{slug}/amendments/{number}/carrying-over', {
        params: { path: { slug, number } },
        body: { onto },
      }),
    )
    await navigate(paths.governanceAmendment(slug, made.number))
  })
  return (
    <StepForm
      hint={state === 'proposed' ? t('carry.withdraws') : t('carry.votedAgain')}
      label={t('carry.propose')}
      onSubmit={() => carry.mutate()}
      step={carry}
      title={t('carry.proposeTitle')}
    />
  )
}

/** Leads to the form of an amendment, which begins with what could be carried over. */
function Settling({ plan: { onto, source }, view }: { plan: Plan; view: 'form' | 'text' }) {
  const { t } = useTranslation('agreements')
  const slug = useAgreementSlug()
  const navigate = useNavigate()
  const queries = useQueryClient()
  return (
    <div className="stack stack-tight">
      {hasDraft(slug) && <p className="quiet">{t('carry.replaces')}</p>}
      <div className="row">
        <Button
          look="primary"
          onClick={() => {
            beginDraft(slug, onto, { source })
            void queries.invalidateQueries({ queryKey: ['governance', slug, 'draft'] })
            void navigate(paths.governanceAmend(slug, { view }))
          }}
        >
          {view === 'form' ? t('carry.settle') : t('carry.mend')}
        </Button>
      </div>
    </div>
  )
}

/** Rules that both change: what each says, and on which line of its file. */
function ConflictTable({ amendment, plan, rules }: { amendment: Amendment; plan: Plan; rules: Rules | undefined }) {
  const { t } = useTranslation('agreements')
  const say = useAgreementWords(rules)
  const { basedOn, number } = amendment
  const side = (written: string | null, line?: number) => (
    <div>
      {written === null ? (
        <span className="quiet">{t('versions.nothing')}</span>
      ) : (
        <span className="agreement-value">{say.written(written)}</span>
      )}
      {line !== undefined && <span className="agreement-below quiet small">{t('carry.line', { line })}</span>}
    </div>
  )
  const columns = {
    base: t('amendments.versionNumber', { number: basedOn }),
    proposed: t('amendments.itemTitle', { number }),
    present: t('amendments.versionNumber', { number: plan.onto }),
  }
  return (
    <Table
      caption={t('carry.caption')}
      head={
        <tr>
          <th scope="col">{t('versions.rule')}</th>
          <th scope="col">{columns.base}</th>
          <th scope="col">{columns.proposed}</th>
          <th scope="col">{columns.present}</th>
        </tr>
      }
      stacked
    >
      {plan.conflicts.map((each) => (
        <tr key={[each.part, each.key, ...each.field].join('.')}>
          <th scope="row">
            {each.name ?? each.key ?? t(`part.${each.part}`)}
            <span className="agreement-below quiet small">
              {each.field.length > 0 ? say.path(each.field) : t('versions.whole')}
              {each.article !== null && ` (${t('carry.article', { article: each.article })})`}
            </span>
          </th>
          <td data-label={columns.base}>{side(each.base)}</td>
          <td data-label={columns.proposed}>{side(each.proposed, each.proposedLine)}</td>
          <td data-label={columns.present}>{side(each.present, each.presentLine)}</td>
        </tr>
      ))}
    </Table>
  )
}

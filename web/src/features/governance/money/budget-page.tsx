import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, ApiProblem, read } from '../../../api/client.ts'
import { paths } from '../../../paths.ts'
import { Failure } from '../../../shell/failure.tsx'
import { useFilters } from '../../../shell/filters.ts'
import { useFormat } from '../../../shell/format.ts'
import { Section } from '../../../shell/page.tsx'
import { useSorting } from '../../../shell/sorting.ts'
import { type Column, DataTable } from '../../../ui/data-table.tsx'
import { Empty } from '../../../ui/empty.tsx'
import { SelectField } from '../../../ui/field.tsx'
import { SkeletonRows } from '../../../ui/skeleton.tsx'
import { Cited } from '../cited.tsx'
import { useAgreementSlug } from '../governance.ts'
import { VoicesChart } from '../voices-chart.tsx'
import { ActForm } from './act-form.tsx'
import { MoneyPage } from './money-page.tsx'
import { type Budget, sumCents, useBudget, useNames } from './money.ts'
import { Projection } from './projection.tsx'

/** The accounts of an exercise: what is committed, what it cost, by member and by key; the years to come. */
export function BudgetPage() {
  const { t } = useTranslation('money')
  const { data, error, refetch } = useBudget()
  return (
    <MoneyPage busy={!data && !error} lead={t('lead')} title={t('title')}>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={6} />}
      {data && <BudgetOfExercise budget={data} />}
    </MoneyPage>
  )
}

type Member = Budget['members'][number]
/** What a member ordered for itself, committed or borne; null when it is not the reader's to see. */
const individualOf = ({ individualCommittedCents, individualCostCents }: Member) =>
  individualCommittedCents === null ? null : sumCents([individualCommittedCents, individualCostCents])
const totalOf = (member: Member) =>
  sumCents([
    member.committedCents,
    member.costCents,
    member.regularisationCents,
    member.individualCommittedCents,
    member.individualCostCents,
  ])

function BudgetOfExercise({ budget }: { budget: Budget }) {
  const { t } = useTranslation('money')
  const format = useFormat()
  const nameOf = useNames()
  const slug = useAgreementSlug()
  const [, change] = useFilters()
  const { sort, onSort, wording } = useSorting()
  const members = budget.members.toSorted((one, other) => Number(BigInt(totalOf(other)) - BigInt(totalOf(one))))
  const total = sumCents(members.map(totalOf))
  const first = members[0]
  const period = (startsOn: string) => format.schoolYear(Number(startsOn.slice(0, 4)))
  const exercise = budget.exercises.find(({ startsOn }) => startsOn === budget.exercise.startsOn)
  const money = (key: keyof Member, head: string): Column<Member> => ({
    key,
    head,
    number: true,
    cell: (member) =>
      member[key] === null ? <span className="quiet">{t('notSeen')}</span> : format.euros(member[key]),
    value: (member) => (member[key] === null ? null : Number(member[key]) / 100),
  })
  return (
    <>
      <div className="row">
        <SelectField
          label={t('exercise')}
          onChange={(event) => change({ exercise: event.target.value })}
          options={budget.exercises.map(({ startsOn, approvedAt }) => ({
            value: startsOn,
            label: `${period(startsOn)}${approvedAt ? ` · ${t('approved')}` : ''}`,
          }))}
          value={budget.exercise.startsOn}
        />
      </div>
      <p className="quiet">
        {exercise?.approvedAt
          ? t('closedBy', { decision: exercise.decisionNumber ?? '', when: format.dateTime(exercise.approvedAt) })
          : t('open', { from: format.day(budget.exercise.startsOn), until: format.day(budget.exercise.endsOn) })}
      </p>
      <dl className="figures money-figures">
        <div>
          <dt>{t('figures.committed')}</dt>
          <dd>
            {format.euros(sumCents(members.flatMap((each) => [each.committedCents, each.individualCommittedCents])))}
          </dd>
        </div>
        <div>
          <dt>{t('figures.cost')}</dt>
          <dd>
            {format.euros(
              sumCents(members.flatMap((each) => [each.costCents, each.regularisationCents, each.individualCostCents])),
            )}
          </dd>
        </div>
        <div>
          <dt>{t('figures.bank', { holder: nameOf(budget.holder) })}</dt>
          <dd>{format.euros(budget.bankCents)}</dd>
        </div>
        <div>
          <dt>{t('figures.advance')}</dt>
          <dd>{format.euros(budget.advanceCents)}</dd>
        </div>
      </dl>
      {total === '0' || !first ? (
        <Empty title={t('empty.title')}>
          <p>{t('empty.text')}</p>
          <p>
            <Link to={paths.governanceMoneyPart(slug, 'orders')}>{t('empty.toOrders')}</Link>
          </p>
        </Empty>
      ) : (
        <>
          <Section title={t('chart.section')}>
            <VoicesChart
              bars={members.map((member) => ({ label: nameOf(member.party), value: Number(totalOf(member)) }))}
              columns={{ label: t('member'), value: t('figures.total') }}
              format={(cents) => format.euros(String(Math.round(cents)))}
              mark={null}
              summary={t('chart.summary', { total: format.euros(total), year: period(budget.exercise.startsOn) })}
              title={t('chart.title', {
                name: nameOf(first.party),
                share: format.percent(Number(totalOf(first)) / Number(total)),
              })}
              whole={Number(totalOf(first))}
              wording={{ showTable: t('showTable'), showChart: t('showChart') }}
            />
          </Section>
          <Section hint={t('members.hint')} title={t('members.title')}>
            <DataTable
              caption={t('members.title')}
              columns={[
                {
                  key: 'party',
                  head: t('member'),
                  cell: ({ party }) => nameOf(party),
                  value: ({ party }) => nameOf(party),
                },
                money('committedCents', t('columns.committed')),
                money('costCents', t('columns.cost')),
                money('regularisationCents', t('columns.regularisation')),
                {
                  key: 'individual',
                  head: t('columns.individual'),
                  number: true,
                  cell: (member) =>
                    individualOf(member) === null ? (
                      <span className="quiet">{t('notSeen')}</span>
                    ) : (
                      format.euros(individualOf(member) ?? '0')
                    ),
                  value: (member) => (individualOf(member) === null ? null : Number(individualOf(member)) / 100),
                },
                money('openCents', t('columns.open')),
              ]}
              csv={{ name: `budget-${budget.exercise.startsOn}` }}
              onSort={onSort}
              rowKey={({ party }) => party}
              rows={members}
              sort={sort}
              wording={wording}
            />
          </Section>
          <details className="money-act">
            <summary>{t('keys.title')}</summary>
            <DataTable
              caption={t('keys.title')}
              columns={[
                {
                  key: 'key',
                  head: t('key'),
                  cell: ({ sharingKey }) => <KeyName budget={budget} name={sharingKey} />,
                  value: ({ sharingKey }) => sharingKey,
                },
                {
                  key: 'party',
                  head: t('member'),
                  cell: ({ party }) => nameOf(party),
                  value: ({ party }) => nameOf(party),
                },
                {
                  key: 'cents',
                  head: t('figures.committedMade'),
                  number: true,
                  cell: ({ cents }) => format.euros(cents),
                  value: ({ cents }) => Number(cents) / 100,
                },
              ]}
              csv={{ name: `engagements-${budget.exercise.startsOn}` }}
              rowKey={({ sharingKey, party, cents }) => `${sharingKey} ${party} ${cents}`}
              rows={budget.commitments}
              wording={wording}
            />
          </details>
        </>
      )}
      <Projection budget={budget} />
      {budget.manages && !exercise?.approvedAt && (
        <Section hint={t('close.hint')} title={t('close.title')}>
          <ActForm
            act={async ({ number = '' }) => {
              const { decisions } = await read(
                api.GET('/api/governance/agreements/{slug}/decisions', { params: { path: { slug } } }),
              )
              const found = decisions.find((each) => each.number === number)
              if (!found) throw new ApiProblem(404, { code: 'decision_not_found' })
              await api.POST('/api/governance/agreements/{slug}/money/exercises', {
                params: { path: { slug } },
                body: { startsOn: budget.exercise.startsOn, decisionId: found.id },
              })
            }}
            fields={[{ name: 'number', label: t('close.decision'), kind: 'text', hint: t('close.decisionHint') }]}
            submit={t('close.submit')}
            title={t('close.open', { year: period(budget.exercise.startsOn) })}
          />
        </Section>
      )}
      <p>
        <a download href={paths.moneyFile(slug, 'entries')}>
          {t('entries.csv')}
        </a>
      </p>
    </>
  )
}

function KeyName({ budget, name }: { budget: Budget; name: string }) {
  const key = budget.sharingKeys.find((each) => each.key === name)
  if (!key) return name
  return (
    <>
      {key.name} <Cited article={key.article} interpretation={key.interpretation} />
    </>
  )
}

import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../../api/client.ts'
import type { paths as ApiPaths } from '../../../api/schema.d.ts'
import { Failure } from '../../../shell/failure.tsx'
import { useFilters } from '../../../shell/filters.ts'
import { useFormat } from '../../../shell/format.ts'
import { Section } from '../../../shell/page.tsx'
import { Empty } from '../../../ui/empty.tsx'
import { SelectField } from '../../../ui/field.tsx'
import { SkeletonRows } from '../../../ui/skeleton.tsx'
import { Table } from '../../../ui/table.tsx'
import { Cited } from '../cited.tsx'
import { useAgreementSlug } from '../governance.ts'
import { MoneyPage } from './money-page.tsx'
import { moneyKey, sumCents, useBudget, useNames } from './money.ts'

type Part =
  ApiPaths['/api/governance/agreements/{slug}/money/parts/{party}']['get']['responses'][200]['content']['application/json']
type Step = Part['steps'][number]

/** A member's part of each order, computed as one would by hand. */
export function PartPage() {
  const { t } = useTranslation('money')
  const format = useFormat()
  const nameOf = useNames()
  const slug = useAgreementSlug()
  const [filters, change] = useFilters()
  const { data: budget, error: budgetError } = useBudget()
  const choices = budget
    ? budget.parties.filter(({ key, member }) => member && (budget.manages || budget.ownParties.includes(key)))
    : []
  const party = choices.find(({ key }) => key === filters.get('party'))?.key ?? choices[0]?.key ?? ''
  const exercise = budget?.exercise.startsOn ?? ''
  const { data, error, refetch } = useQuery({
    queryKey: [...moneyKey(slug), 'part', party, exercise],
    queryFn: () =>
      read(
        api.GET('/api/governance/agreements/{slug}/money/parts/{party}', {
          params: { path: { slug, party }, query: { exercise } },
        }),
      ),
    enabled: party !== '',
  })
  const failed = budgetError ?? error
  return (
    <MoneyPage busy={!data && !failed && (!budget || party !== '')} lead={t('part.lead')} title={t('part.title')}>
      {failed && !data && <Failure error={failed} onRetry={() => void refetch()} />}
      {!budget && !failed && <SkeletonRows count={4} />}
      {budget && party === '' && <Empty title={t('part.noMember')} />}
      {budget && party !== '' && (
        <div className="row">
          {choices.length > 1 && (
            <SelectField
              label={t('member')}
              onChange={(event) => change({ party: event.target.value })}
              options={choices.map(({ key, name }) => ({ value: key, label: name }))}
              value={party}
            />
          )}
          <SelectField
            label={t('exercise')}
            onChange={(event) => change({ exercise: event.target.value })}
            options={budget.exercises.map(({ startsOn }) => ({
              value: startsOn,
              label: format.schoolYear(Number(startsOn.slice(0, 4))),
            }))}
            value={exercise}
          />
        </div>
      )}
      {data && (
        <>
          <dl className="figures money-figures">
            <div>
              <dt>{t('part.committed')}</dt>
              <dd>{format.euros(sumCents(data.steps.map(({ committedCents }) => committedCents)))}</dd>
            </div>
            <div>
              <dt>{t('part.borne')}</dt>
              <dd>{format.euros(sumCents(data.steps.map(({ costCents }) => costCents)))}</dd>
            </div>
            <div>
              <dt>{t('part.unbilled')}</dt>
              <dd>{format.euros(sumCents(data.unbilled.map(({ cents }) => cents)))}</dd>
            </div>
          </dl>
          <Section title={t('part.steps', { name: nameOf(party) })}>
            {data.steps.length === 0 && <Empty title={t('part.none')}>{t('part.noneText')}</Empty>}
            <ol className="money-steps">
              {data.steps.map((step) => (
                <StepItem key={step.orderId} step={step} />
              ))}
            </ol>
          </Section>
          {data.unbilled.length > 0 && (
            <Section hint={t('part.unbilledHint')} title={t('part.unbilled')}>
              <Table
                caption={t('part.unbilled')}
                head={
                  <tr>
                    <th scope="col">{t('label')}</th>
                    <th scope="col">{t('account')}</th>
                    <th className="number" scope="col">
                      {t('amount')}
                    </th>
                  </tr>
                }
                stacked
              >
                {data.unbilled.map((line) => (
                  <tr key={`${line.nature} ${line.subjectId}`}>
                    <th scope="row">{line.label}</th>
                    <td data-label={t('account')}>
                      <span>{t(`natures.${line.nature}`)}</span>
                    </td>
                    <td className="number" data-label={t('amount')}>
                      <span>{format.euros(line.cents)}</span>
                    </td>
                  </tr>
                ))}
              </Table>
            </Section>
          )}
        </>
      )}
    </MoneyPage>
  )
}

function StepItem({ step }: { step: Step }) {
  const { t } = useTranslation('money')
  const format = useFormat()
  const key = step.by === 'voices' || step.by === 'pupils' || step.by === 'heads' ? step.by : 'ordered'
  const tell = (weight: string) => {
    const count = step.by === 'voices' ? Number(weight) / 1000 : Number(weight)
    return t(`weights.${key}`, { count, figure: format.number(count) })
  }
  return (
    <li className="money-step">
      <div className="money-head">
        <h3>
          {step.number} · {step.label}
        </h3>
        <strong>{format.euros(step.cents)}</strong>
      </div>
      <p className="small quiet">
        {t(`scopes.${step.scope}`)} · {t(`states.${step.state}`)} · {format.dayMedium(step.effectiveOn)}
        {step.decisionNumber !== null && ` · ${t('decisionNumber', { number: step.decisionNumber })}`}
      </p>
      <div>
        {step.keyName} <Cited article={step.article} interpretation={step.interpretation} />
      </div>
      <p>
        {t('part.computed', {
          amount: format.euros(step.amountCents),
          weight: tell(step.weight),
          whole: tell(step.totalWeight),
          floor: format.euros(step.floorCents),
        })}
        {step.headCountOn !== null && ` ${t('part.headCount', { day: format.day(step.headCountOn) })}`}
      </p>
      <p>{step.lastCent ? t('part.lastCent') : t('part.noLastCent')}</p>
      <p>
        <strong>{t('part.result', { cents: format.euros(step.cents) })}</strong>
        {step.costCents !== '0' && ` ${t('part.soFar', { cost: format.euros(step.costCents) })}`}
        {step.committedCents !== '0' && ` ${t('part.still', { committed: format.euros(step.committedCents) })}`}
      </p>
    </li>
  )
}

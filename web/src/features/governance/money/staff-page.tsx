import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../../api/client.ts'
import { paths } from '../../../paths.ts'
import { Failure } from '../../../shell/failure.tsx'
import { useFormat } from '../../../shell/format.ts'
import { Section } from '../../../shell/page.tsx'
import { Button } from '../../../ui/button.tsx'
import { Empty } from '../../../ui/empty.tsx'
import { SkeletonRows } from '../../../ui/skeleton.tsx'
import { Table } from '../../../ui/table.tsx'
import { useAgreementSlug } from '../governance.ts'
import { ActForm, type ActField } from './act-form.tsx'
import { InvoiceLinks } from './invoice-links.tsx'
import { MoneyPage } from './money-page.tsx'
import { type Budget, moneyKey, type Staff, useBudget, useNames } from './money.ts'

/** Staff time that parties contribute, claimed person by person, and exceptional costs agreed to before. */
export function StaffPage() {
  const { t } = useTranslation('money')
  const format = useFormat()
  const slug = useAgreementSlug()
  const { data: budget } = useBudget()
  const { data, error, refetch } = useQuery({
    queryKey: [...moneyKey(slug), 'claims'],
    queryFn: () => read(api.GET('/api/governance/agreements/{slug}/money/claims', { params: { path: { slug } } })),
  })
  return (
    <MoneyPage
      busy={!data && !error}
      lead={
        data?.rule
          ? t(`staff.lead.${data.rule.per}`, {
              percent: format.percent(data.rule.environmentBasisPoints / 10_000),
              article: data.rule.article,
            })
          : t('staff.title')
      }
      title={t('staff.title')}
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={4} />}
      {data && !data.rule && <Empty title={t('staff.notAgreed')} />}
      {data?.rule && data.claims.length === 0 && <Empty title={t('staff.none')}>{t('staff.noneText')}</Empty>}
      {data?.claims.map((claim) => (
        <ClaimItem claim={claim} key={claim.id} manages={budget?.manages ?? false} />
      ))}
      {data?.rule && budget && (
        <Section title={t('staff.acts')}>
          <Exceptional budget={budget} costs={data.exceptionalCosts} />
          <NewClaim budget={budget} costs={data.exceptionalCosts} />
        </Section>
      )}
      {data && data.claims.length > 0 && (
        <>
          <p className="small quiet measure">{t('invoiceNote')}</p>
          <p>
            <a download href={paths.moneyFile(slug, 'claims')}>
              {t('staff.csv')}
            </a>
          </p>
        </>
      )}
    </MoneyPage>
  )
}

function ClaimItem({ claim, manages }: { claim: Staff['claims'][number]; manages: boolean }) {
  const { t } = useTranslation('money')
  const format = useFormat()
  const nameOf = useNames()
  const slug = useAgreementSlug()
  return (
    <Section
      hint={`${t('staff.period', { from: format.day(claim.startsOn), until: format.day(claim.endsOn) })} · ${t(`claimStates.${claim.state}`)}${claim.reason ? ` · ${claim.reason}` : ''}`}
      title={`${claim.number} · ${nameOf(claim.party)}`}
    >
      <Table
        caption={t('staff.lines', { number: claim.number })}
        head={
          <tr>
            <th scope="col">{t('staff.post')}</th>
            <th className="number" scope="col">
              {t('staff.share')}
            </th>
            <th className="number" scope="col">
              {t('staff.annual')}
            </th>
            <th className="number" scope="col">
              {t('staff.months')}
            </th>
            <th className="number" scope="col">
              {t('amount')}
            </th>
          </tr>
        }
        stacked
      >
        {claim.lines.map((line, at) => (
          // oxlint-disable-next-line react/no-array-index-key -- two persons may have the same post
          <tr key={at}>
            <th scope="row">{line.post}</th>
            <td className="number" data-label={t('staff.share')}>
              <span>{format.percent(line.shareBasisPoints / 10_000)}</span>
            </td>
            <td className="number" data-label={t('staff.annual')}>
              <span>{format.euros(line.annualCents)}</span>
            </td>
            <td className="number" data-label={t('staff.months')}>
              <span>{line.months}</span>
            </td>
            <td className="number" data-label={t('amount')}>
              <span>{format.euros(line.cents)}</span>
            </td>
          </tr>
        ))}
      </Table>
      <p>
        {t('staff.sum', {
          staff: format.euros(claim.staffCents),
          percent: format.percent(claim.environmentBasisPoints / 10_000),
          environment: format.euros(claim.environmentCents),
          exceptional: format.euros(claim.exceptionalCents),
        })}{' '}
        <strong>{format.euros(claim.totalCents)}</strong>
      </p>
      {(claim.state === 'approved' || claim.state === 'paid') && (
        <div className="row">
          <span>{t('bills.invoice')}</span>
          <InvoiceLinks id={claim.id} number={claim.number} of="claims" />
        </div>
      )}
      {manages && (claim.state === 'submitted' || claim.state === 'approved') && (
        <ActForm
          act={({ state, reason = '', on = '' }) =>
            api.POST('/api/governance/agreements/{slug}/money/claims/{id}/settlement', {
              params: { path: { slug, id: claim.id } },
              body: {
                state: state === 'paid' ? 'paid' : state === 'approved' ? 'approved' : 'refused',
                reason: reason || null,
                on,
              },
            })
          }
          fields={[
            {
              name: 'state',
              label: t('staff.settle'),
              kind: 'select',
              options:
                claim.state === 'submitted'
                  ? [
                      { value: 'approved', label: t('staff.approve') },
                      { value: 'refused', label: t('staff.refuse') },
                    ]
                  : [{ value: 'paid', label: t('staff.pay') }],
            },
            { name: 'reason', label: t('reason'), kind: 'text', when: ({ state }) => state === 'refused' },
            { name: 'on', label: t('effectiveOn'), kind: 'day' },
          ]}
          submit={t('form.save')}
          title={t('staff.settleTitle')}
        />
      )}
    </Section>
  )
}

const ownParties = (budget: Budget): ActField['options'] =>
  budget.parties
    .filter(({ key }) => budget.manages || budget.ownParties.includes(key))
    .map(({ key, name }) => ({ value: key, label: name }))

function Exceptional({ budget, costs }: { budget: Budget; costs: Staff['exceptionalCosts'] }) {
  const { t } = useTranslation('money')
  const format = useFormat()
  const nameOf = useNames()
  const slug = useAgreementSlug()
  const asked = costs.filter(({ state }) => state === 'asked')
  return (
    <>
      {costs.length > 0 && (
        <ul className="money-list">
          {costs.map(({ id, party, label, kind, cents, state }) => (
            <li key={id}>
              {label} · {t(`staff.kinds.${kind}`)} · {nameOf(party)} · {format.euros(cents)} ·{' '}
              {t(`exceptionalStates.${state}`)}
            </li>
          ))}
        </ul>
      )}
      <ActForm
        act={({ party = '', kind, label = '', cents = '' }, requestKey) =>
          api.POST('/api/governance/agreements/{slug}/money/exceptional-costs', {
            params: { path: { slug } },
            body: { requestKey, party, kind: kind === 'travel' ? 'travel' : 'exceptional', label, cents },
          })
        }
        fields={[
          { name: 'party', label: t('entries.party'), kind: 'select', options: ownParties(budget) ?? [] },
          {
            name: 'kind',
            label: t('staff.kind'),
            kind: 'select',
            options: [
              { value: 'travel', label: t('staff.kinds.travel') },
              { value: 'exceptional', label: t('staff.kinds.exceptional') },
            ],
          },
          { name: 'label', label: t('label'), kind: 'text' },
          { name: 'cents', label: t('amount'), kind: 'euros' },
        ]}
        submit={t('staff.ask')}
        title={t('staff.askTitle')}
      />
      {budget.manages && asked.length > 0 && (
        <ActForm
          act={({ id = '', state }) =>
            api.POST('/api/governance/agreements/{slug}/money/exceptional-costs/{id}/decision', {
              params: { path: { slug, id } },
              body: { state: state === 'approved' ? 'approved' : 'refused' },
            })
          }
          fields={[
            {
              name: 'id',
              label: t('staff.cost'),
              kind: 'select',
              options: asked.map(({ id, label, cents }) => ({ value: id, label: `${label} · ${format.euros(cents)}` })),
            },
            {
              name: 'state',
              label: t('staff.settle'),
              kind: 'select',
              options: [
                { value: 'approved', label: t('staff.agree') },
                { value: 'refused', label: t('staff.refuse') },
              ],
            },
          ]}
          submit={t('form.save')}
          title={t('staff.decideTitle')}
        />
      )}
    </>
  )
}

function NewClaim({ budget, costs }: { budget: Budget; costs: Staff['exceptionalCosts'] }) {
  const { t } = useTranslation('money')
  const format = useFormat()
  const slug = useAgreementSlug()
  const [persons, setPersons] = useState(1)
  const claimable = costs.filter(({ state, claimId }) => state === 'approved' && claimId === null)
  const lines = Array.from({ length: persons }, (_, at) => at)
  return (
    <>
      <ActForm
        act={(values, requestKey) =>
          api.POST('/api/governance/agreements/{slug}/money/claims', {
            params: { path: { slug } },
            body: {
              requestKey,
              party: values['party'] ?? '',
              startsOn: values['startsOn'] ?? '',
              sharingKey: values['sharingKey'] || null,
              lines: lines.map((at) => ({
                post: values[`post-${at}`] ?? '',
                shareBasisPoints: Math.round(Number(values[`share-${at}`]) * 100),
                annualCents: values[`annual-${at}`] ?? '',
                months: Number(values[`months-${at}`]),
              })),
              exceptionalIds: claimable.filter(({ id }) => values[id] === 'yes').map(({ id }) => id),
            },
          })
        }
        fields={[
          { name: 'party', label: t('entries.party'), kind: 'select', options: ownParties(budget) ?? [] },
          { name: 'startsOn', label: t('staff.startsOn'), kind: 'day', hint: t('staff.startsHint') },
          ...lines.flatMap((at): ActField[] => [
            {
              name: `post-${at}`,
              label: t('staff.postOf', { number: at + 1 }),
              kind: 'text',
              hint: t('staff.postHint'),
            },
            { name: `share-${at}`, label: t('staff.shareOf', { number: at + 1 }), kind: 'number' },
            { name: `annual-${at}`, label: t('staff.annualOf', { number: at + 1 }), kind: 'euros' },
            { name: `months-${at}`, label: t('staff.monthsOf', { number: at + 1 }), kind: 'number' },
          ]),
          ...claimable.map(({ id, label, cents }): ActField => ({
            name: id,
            label: `${label} · ${format.euros(cents)}`,
            kind: 'check',
          })),
          {
            name: 'sharingKey',
            label: t('staff.chargedTo'),
            kind: 'select',
            optional: true,
            options: budget.sharingKeys
              .filter(({ among }) => among === 'everyMember')
              .map(({ key, name }) => ({ value: key, label: name })),
          },
        ]}
        more={<Button onClick={() => setPersons(persons + 1)}>{t('staff.addPerson')}</Button>}
        submit={t('staff.submit')}
        title={t('staff.submitTitle')}
      />
    </>
  )
}

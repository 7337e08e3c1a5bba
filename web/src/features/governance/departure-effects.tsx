import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../../shell/format.ts'
import { Table } from '../../ui/table.tsx'
import { useNames } from './changes.ts'
import { Cited } from './cited.tsx'
import type { Simulation } from './members.ts'
import { useVoices } from './votes.ts'
import { VoicesChart } from './voices-chart.tsx'

/** What a departure would bring about: what is owed, the parts and the votes before and after, what is to be taken over. */
export function DepartureEffects({ simulation }: { simulation: Simulation }) {
  return (
    <>
      <Owed simulation={simulation} />
      <Roles simulation={simulation} />
      <Parts simulation={simulation} />
      <Power simulation={simulation} />
    </>
  )
}

function Titled({ title, hint, children }: { title: string; hint?: string; children: ReactNode }) {
  return (
    <div className="stack">
      <h3>{title}</h3>
      {hint && <p className="quiet">{hint}</p>}
      {children}
    </div>
  )
}

function Owed({ simulation: { owed } }: { simulation: Simulation }) {
  const { t } = useTranslation('changes')
  const format = useFormat()
  const balance = owed.reduce((sum, { cents }) => sum + BigInt(cents), 0n)
  return (
    <Titled title={t('members.owed')}>
      {owed.length === 0 && <p>{t('members.owedNone')}</p>}
      {owed.length > 0 && (
        <Table
          caption={t('members.owed')}
          head={
            <tr>
              <th scope="col">{t('members.nature')}</th>
              <th className="number" scope="col">
                {t('members.amount')}
              </th>
            </tr>
          }
        >
          {owed.map(({ nature, cents }) => (
            <tr key={nature}>
              <th scope="row">{t(`members.natures.${nature}`)}</th>
              <td className="number">{format.euros(cents)}</td>
            </tr>
          ))}
          <tr>
            <th scope="row">
              {t('members.balance')}
              {balance !== 0n && <span className="tag">{balance > 0n ? t('members.owes') : t('members.isOwed')}</span>}
            </th>
            <td className="number">
              <strong>{format.euros(String(balance))}</strong>
            </td>
          </tr>
        </Table>
      )}
    </Titled>
  )
}

type RoleName =
  | 'pilot'
  | 'coordinator'
  | 'contractor'
  | 'academicAuthority'
  | 'chair'
  | 'convener'
  | 'qualifier'
  | 'holder'
  | 'pilotInstitution'

function Roles({ simulation: { roles } }: { simulation: Simulation }) {
  const { t } = useTranslation('changes')
  const names = useNames()
  if (roles.length === 0) return null
  return (
    <Titled title={t('members.roles')}>
      <ul className="help-list">
        {roles.map(({ role, body }) => (
          <li key={`${role} ${body}`}>
            {t(`members.roleNames.${role as RoleName}`, { body: body === null ? '' : names.body(body) })}
          </li>
        ))}
      </ul>
    </Titled>
  )
}

function Parts({ simulation }: { simulation: Simulation }) {
  const { t } = useTranslation('changes')
  const names = useNames()
  const format = useFormat()
  const amount = format.euros(simulation.exampleCents)
  const writeChange = (cents: bigint) => `${cents > 0n ? '+\u00a0' : ''}${format.euros(String(cents))}`
  return (
    <Titled hint={t('members.keyHint', { amount })} title={t('members.keys')}>
      {simulation.keys.before.map((before, index) => {
        const after = simulation.keys.after.find(({ key }) => key === before.key)
        const parts = after?.parts.toSorted((one, other) => Number(other.cents) - Number(one.cents)) ?? []
        const [most] = parts
        return (
          <details className="change-act" key={before.key} open={index === 0}>
            <summary>{before.name}</summary>
            <Table
              caption={before.name}
              head={
                <tr>
                  <th scope="col">{t('members.member')}</th>
                  <th className="number" scope="col">
                    {t('members.before')}
                  </th>
                  <th className="number" scope="col">
                    {t('members.after')}
                  </th>
                  <th className="number" scope="col">
                    {t('members.difference')}
                  </th>
                </tr>
              }
              stacked
            >
              {before.parts.map(({ party: key, cents }) => {
                const then = after?.parts.find((each) => each.party === key)?.cents
                return (
                  <tr key={key}>
                    <th scope="row">{names.party(key)}</th>
                    <td className="number" data-label={t('members.before')}>
                      <div>{format.euros(cents)}</div>
                    </td>
                    <td className="number" data-label={t('members.after')}>
                      <div>{then === undefined ? t('members.leaves') : format.euros(then)}</div>
                    </td>
                    <td className="number" data-label={t('members.difference')}>
                      <div>{then === undefined ? '–' : writeChange(BigInt(then) - BigInt(cents))}</div>
                    </td>
                  </tr>
                )
              })}
            </Table>
            <Cited article={before.article} interpretation={before.interpretation} />
            {most && (
              <VoicesChart
                bars={parts.map(({ party: key, cents }) => ({ label: names.party(key), value: Number(cents) }))}
                columns={{ label: t('members.member'), value: t('members.after') }}
                format={(cents) => format.euros(String(cents))}
                mark={null}
                summary={t('members.plotSummary', {
                  name: before.name,
                  amount: format.euros(most.cents),
                  party: names.party(most.party),
                })}
                title={t('members.plot', { amount })}
                whole={Number(most.cents)}
                wording={{ showTable: t('members.showTable'), showChart: t('members.showChart') }}
              />
            )}
          </details>
        )
      })}
    </Titled>
  )
}

function Power({ simulation: { power } }: { simulation: Simulation }) {
  const { t } = useTranslation('changes')
  const names = useNames()
  const format = useFormat()
  const voices = useVoices()
  const blockers = (parties: string[] | undefined) =>
    parties === undefined
      ? '–'
      : parties.length === 0
        ? t('members.nobodyBlocks')
        : format.list(parties.map((key) => names.party(key)))
  return (
    <Titled title={t('members.power')}>
      {power.before.map((before) => {
        const after = power.after.find(({ body }) => body === before.body)
        return (
          <Table
            caption={before.shortName}
            captionShown
            head={
              <tr>
                <th scope="col">{t('members.question')}</th>
                <th scope="col">{t('members.before')}</th>
                <th scope="col">{t('members.after')}</th>
              </tr>
            }
            key={before.body}
            stacked
          >
            <tr>
              <th scope="row">{t('members.totalVoices')}</th>
              <td data-label={t('members.before')}>
                <div>{voices(before.totalVoices)}</div>
              </td>
              <td data-label={t('members.after')}>
                <div>{after ? voices(after.totalVoices) : '–'}</div>
              </td>
            </tr>
            {before.quorum.map((quorum) => {
              const then = after?.quorum.find(({ of }) => of === quorum.of)
              const tell = (said: typeof quorum | undefined) =>
                said ? t('members.of', { needed: voices(said.needed), whole: voices(said.whole) }) : '–'
              return (
                <tr key={quorum.of}>
                  <th scope="row">
                    {t(`members.quorumOf.${quorum.of}`)} <Cited article={quorum.article} />
                  </th>
                  <td data-label={t('members.before')}>
                    <div>{tell(quorum)}</div>
                  </td>
                  <td data-label={t('members.after')}>
                    <div>{tell(then)}</div>
                  </td>
                </tr>
              )
            })}
            {before.ballots.map((ballot) => {
              const then = after?.ballots.find(({ key }) => key === ballot.key)
              const tell = (said: typeof ballot | undefined) =>
                said && (
                  <>
                    {t('members.needed')} {t('members.of', { needed: voices(said.needed), whole: voices(said.whole) })}
                    <br />
                    <span className="small">
                      {t('members.blockers')} : {blockers(said.blockers)}
                    </span>
                    {said.smallest !== null && (
                      <>
                        <br />
                        <span className="small">
                          {t('members.smallest')} : {t('members.membersCount', { count: said.smallest })}
                        </span>
                      </>
                    )}
                  </>
                )
              return (
                <tr key={ballot.key}>
                  <th scope="row">
                    {ballot.name} <Cited article={ballot.article} interpretation={ballot.interpretation} />
                  </th>
                  <td data-label={t('members.before')}>
                    <div>{tell(ballot)}</div>
                  </td>
                  <td data-label={t('members.after')}>
                    <div>{tell(then) ?? '–'}</div>
                  </td>
                </tr>
              )
            })}
          </Table>
        )
      })}
    </Titled>
  )
}

import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { SelectField } from '../../ui/field.tsx'
import { useAgreement, useAgreementSlug } from './governance.ts'
import { type Meeting, useAct } from './meetings.ts'

const base = '/api/governance/agreements/{slug}/meetings/{id}/proxies'

/** Members that another stands for while they are away: given by one of their holders, or noted by who leads. */
export function RegisterProxies({ meeting }: { meeting: Meeting }) {
  const { t } = useTranslation('meetings')
  const format = useFormat()
  const slug = useAgreementSlug()
  const { data: agreement } = useAgreement()
  const path = { slug, id: meeting.id }
  const withdraw = useAct((party: string) => api.DELETE(`${base}/{party}`, { params: { path: { ...path, party } } }))
  const running = meeting.state === 'convened' || meeting.state === 'open'
  const held = agreement?.seats.filter(({ body, rank }) => body === meeting.body && rank === 'holder') ?? []
  const mayGive = (party: string) => running && (meeting.leads || held.some((seat) => seat.party === party))
  const given = (party: string) => meeting.proxies.some(({ fromParty, endsAt }) => fromParty === party && !endsAt)
  const there = (party: string) => meeting.attendance.some((each) => each.party === party && each.leftAt === null)
  const voters = meeting.parties.filter(({ votes }) => votes)
  const givers = voters.filter(({ party }) => mayGive(party) && !given(party) && !there(party))
  const nameOf = (key: string) => meeting.parties.find(({ party }) => party === key)?.name ?? key
  if (!meeting.proxiesAllowed || (meeting.proxies.length === 0 && givers.length === 0)) return null
  return (
    <Section hint={t('proxies.hint')} title={t('proxies.title')}>
      {meeting.proxies.length === 0 && <p className="quiet">{t('proxies.none')}</p>}
      {meeting.proxies.length > 0 && (
        <ul className="sessions">
          {meeting.proxies.map(({ fromParty, toParty, startsAt, endsAt }) => (
            <li key={`${fromParty} ${startsAt}`}>
              <div>
                <p>
                  <strong>{nameOf(fromParty)}</strong> {t('proxies.gives')} <strong>{nameOf(toParty)}</strong>
                </p>
                <p className="small quiet">
                  {endsAt === null
                    ? t('proxies.since', { when: format.dateTime(startsAt) })
                    : t('proxies.between', { from: format.dateTime(startsAt), to: format.dateTime(endsAt) })}
                </p>
              </div>
              {endsAt === null && mayGive(fromParty) && (
                <Button busy={withdraw.isPending} look="quiet" onClick={() => withdraw.mutate(fromParty)}>
                  {t('proxies.withdraw')}
                  <span className="visually-hidden"> : {nameOf(fromParty)}</span>
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      {withdraw.error && <Failure error={withdraw.error} />}
      {givers.length > 0 && <ProxyForm givers={givers} meeting={meeting} voters={voters} />}
    </Section>
  )
}

type Party = Meeting['parties'][number]

function ProxyForm({ meeting, givers, voters }: { meeting: Meeting; givers: Party[]; voters: Party[] }) {
  const { t } = useTranslation('meetings')
  const slug = useAgreementSlug()
  const [from, setFrom] = useState('')
  const [to, setTo] = useState('')
  const fromParty = givers.find(({ party }) => party === from)?.party ?? givers[0]?.party ?? ''
  const others = voters.filter(({ party }) => party !== fromParty)
  const toParty = others.find(({ party }) => party === to)?.party ?? others[0]?.party ?? ''
  const give = useAct(() =>
    api.POST(base, { params: { path: { slug, id: meeting.id } }, body: { fromParty, toParty } }),
  )
  return (
    <details className="act">
      <summary>{t('proxies.give')}</summary>
      <form
        className="stack stack-tight measure"
        onSubmit={(event) => {
          event.preventDefault()
          if (!give.isPending) give.mutate()
        }}
      >
        {[
          { label: t('proxies.from'), value: fromParty, parties: givers, choose: setFrom },
          { label: t('proxies.to'), value: toParty, parties: others, choose: setTo },
        ].map(({ label, value, parties, choose }) => (
          <SelectField
            key={label}
            label={label}
            onChange={({ target }) => choose(target.value)}
            options={parties.map(({ party, name }) => ({ value: party, label: name }))}
            value={value}
          />
        ))}
        <div>
          <Button busy={give.isPending} type="submit">
            {t('proxies.submit')}
          </Button>
        </div>
        {give.error && <Failure error={give.error} />}
      </form>
    </details>
  )
}

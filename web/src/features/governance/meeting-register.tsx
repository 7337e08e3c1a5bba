import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icons.tsx'
import { useAgreementSlug } from './governance.ts'
import { type Meeting, useAct } from './meetings.ts'
import { RegisterProxies } from './register-proxies.tsx'
import { RegisterRecusals } from './register-recusals.tsx'
import { VerdictAccount } from './verdict-account.tsx'

const base = '/api/governance/agreements/{slug}'
type Party = Meeting['parties'][number]

/** Who is there: live while the meeting is open, as it was once it is closed. */
export function MeetingRegister({ meeting }: { meeting: Meeting }) {
  const { t } = useTranslation('meetings')
  const { quorum, state } = meeting
  const unset = quorum?.steps.some(({ key }) => key === 'quorum.none')
  return (
    <>
      {quorum && (
        <Section title={t(unset ? 'register.quorumUnset' : quorum.reached ? 'register.quorum' : 'register.noQuorum')}>
          <VerdictAccount verdict={{ steps: quorum.steps.map((step) => ({ ...step, figures: {} })) }} />
        </Section>
      )}
      <Section hint={state === 'open' ? t('register.hint') : undefined} title={t('views.register')}>
        {state === 'convened' && <p className="quiet">{t('register.notYet')}</p>}
        {state !== 'convened' && (
          <ul className="register">
            {meeting.parties.map((party) => (
              <PartyRow key={party.party} meeting={meeting} party={party} />
            ))}
          </ul>
        )}
      </Section>
      <RegisterProxies meeting={meeting} />
      {(state === 'open' || state === 'convened') && <RegisterRecusals meeting={meeting} />}
    </>
  )
}

function PartyRow({ meeting, party }: { meeting: Meeting; party: Party }) {
  const { t } = useTranslation('meetings')
  const format = useFormat()
  const entries = meeting.attendance.filter((each) => each.party === party.party)
  const there = entries.filter(({ leftAt }) => leftAt === null)
  const open = meeting.state === 'open'
  const time = (instant: string) =>
    format
      .dateTime(instant)
      .split(/ à | at /)
      .at(-1) ?? instant
  const status = party.status ?? (there.length > 0 ? 'present' : 'absent')
  const actor = meeting.parties.find((each) => each.party === party.representedBy)
  const came = open ? status : entries.length > 0 ? 'present' : 'absent'
  return (
    <li className="register-party">
      <p>
        <span className={`register-status register-${came}`}>
          <Icon name={came === 'present' ? 'check' : 'info'} size={18} />
          {actor && came === 'represented' ? t('register.representedBy', { name: actor.name }) : t(`register.${came}`)}
        </span>
        <strong>{party.name}</strong>
        {!party.votes && <span className="small quiet"> {t('register.noVote')}</span>}
      </p>
      <ul className="register-people">
        {entries.map((entry) => (
          <li key={entry.id}>
            <span>
              {entry.name ? format.name(entry.name) : t('erased')}, {t(`rank.${entry.rank}`)} :{' '}
              {entry.leftAt === null
                ? t('register.since', { time: time(entry.arrivedAt) })
                : t('register.between', { from: time(entry.arrivedAt), to: time(entry.leftAt) })}
            </span>
            {open && <Entry entry={entry} meeting={meeting} />}
          </li>
        ))}
      </ul>
      {open && <Arrivals meeting={meeting} party={party} />}
    </li>
  )
}

function Entry({ entry, meeting }: { entry: Meeting['attendance'][number]; meeting: Meeting }) {
  const { t } = useTranslation('meetings')
  const format = useFormat()
  const slug = useAgreementSlug()
  const leave = useAct(() =>
    api.POST(`${base}/attendance/{id}/departure`, { params: { path: { slug, id: entry.id } }, body: { at: null } }),
  )
  const strike = useAct(() => api.DELETE(`${base}/attendance/{id}`, { params: { path: { slug, id: entry.id } } }))
  const own = meeting.ownInvitation === entry.representativeId
  const who = entry.name ? format.name(entry.name) : t('erased')
  if (!meeting.leads && !own) return null
  return (
    <>
      <span className="row">
        {entry.leftAt === null && (
          <Button busy={leave.isPending} onClick={() => leave.mutate()}>
            {t('register.leave')}
            <span className="visually-hidden"> : {who}</span>
          </Button>
        )}
        {meeting.leads && (
          <Button busy={strike.isPending} look="quiet" onClick={() => strike.mutate()}>
            {t('register.strike')}
            <span className="visually-hidden"> : {who}</span>
          </Button>
        )}
      </span>
      {(leave.error ?? strike.error) && <Failure error={leave.error ?? strike.error} />}
    </>
  )
}

/** Those of a party who may arrive: who leads notes all, others themselves. */
function Arrivals({ meeting, party }: { meeting: Meeting; party: Party }) {
  const { t } = useTranslation('meetings')
  const format = useFormat()
  const slug = useAgreementSlug()
  const there = meeting.attendance.filter((each) => each.party === party.party && each.leftAt === null)
  const arrive = useAct((input: { representativeId: string; replaces: string | null }) =>
    api.POST(`${base}/meetings/{id}/attendance`, {
      params: { path: { slug, id: meeting.id } },
      body: { ...input, at: null },
    }),
  )
  const away = meeting.representatives.filter(
    ({ id, party: of }) =>
      of === party.party &&
      !there.some(({ representativeId }) => representativeId === id) &&
      (meeting.leads || id === meeting.ownInvitation),
  )
  if (away.length === 0) return there.length === 0 ? <p className="small quiet">{t('register.nobodyNamed')}</p> : null
  return (
    <div className="stack stack-tight">
      <div className="row">
        {away.map(({ id, name, rank }) => {
          // In the place of who is there, whenever that is one person.
          const replaced = there.length === 1 ? there[0] : undefined
          const who = name ? format.name(name) : t('erased')
          return (
            <Button
              busy={arrive.isPending}
              key={id}
              onClick={() => arrive.mutate({ representativeId: id, replaces: replaced?.id ?? null })}
            >
              {t(replaced ? 'register.replace' : 'register.arrive', { name: who, rank: t(`rank.${rank}`) })}
            </Button>
          )
        })}
      </div>
      {arrive.error && <Failure error={arrive.error} />}
    </div>
  )
}

import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { Failure } from '../../shell/failure.tsx'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { SelectField } from '../../ui/field.tsx'
import { useAgreement, useAgreementSlug } from './governance.ts'
import { type Meeting, useAct } from './meetings.ts'

const url = '/api/governance/agreements/{slug}/agenda-items/{id}/recusals/{party}'

/** Parties that take no part in an item: an interested party takes none (déport). */
export function RegisterRecusals({ meeting }: { meeting: Meeting }) {
  const { t } = useTranslation('meetings')
  const slug = useAgreementSlug()
  const { data: agreement } = useAgreement()
  const items = meeting.agenda.filter(({ voting, ballotRule }) => voting === 'none' && ballotRule !== null)
  const own = new Set(agreement?.seats.filter(({ body }) => body === meeting.body).map(({ party }) => party))
  const parties = meeting.parties.filter(({ votes, party }) => votes && (meeting.leads || own.has(party)))
  const [item, setItem] = useState('')
  const [party, setParty] = useState('')
  const chosen = { id: item || (items[0]?.id ?? ''), party: party || (parties[0]?.party ?? '') }
  const recuse = useAct(() => api.PUT(url, { params: { path: { slug, ...chosen } } }))
  const withdraw = useAct((of: { id: string; party: string }) => api.DELETE(url, { params: { path: { slug, ...of } } }))
  const recused = meeting.agenda.flatMap(({ id, title, recused: those }) =>
    those.map((each) => ({ id, title, party: each })),
  )
  const nameOf = (key: string) => meeting.parties.find((each) => each.party === key)?.name ?? key
  if (recused.length === 0 && (items.length === 0 || parties.length === 0)) return null
  return (
    <Section hint={t('recusal.hint')} title={t('recusal.title')}>
      {recused.length > 0 && (
        <ul className="sessions">
          {recused.map((each) => (
            <li key={`${each.id} ${each.party}`}>
              <span>
                <strong>{nameOf(each.party)}</strong> : {each.title}
              </span>
              {(meeting.leads || own.has(each.party)) && (
                <Button busy={withdraw.isPending} look="quiet" onClick={() => withdraw.mutate(each)}>
                  {t('recusal.withdraw')}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      {items.length > 0 && parties.length > 0 && (
        <details className="act">
          <summary>{t('recusal.note')}</summary>
          <form
            className="stack stack-tight measure"
            onSubmit={(event) => {
              event.preventDefault()
              if (!recuse.isPending) recuse.mutate()
            }}
          >
            <SelectField
              label={t('recusal.item')}
              onChange={({ target }) => setItem(target.value)}
              options={items.map(({ id, title }) => ({ value: id, label: title }))}
              value={chosen.id}
            />
            <SelectField
              label={t('seats.party')}
              onChange={({ target }) => setParty(target.value)}
              options={parties.map((each) => ({ value: each.party, label: each.name }))}
              value={chosen.party}
            />
            <div>
              <Button busy={recuse.isPending} type="submit">
                {t('recusal.submit')}
              </Button>
            </div>
          </form>
        </details>
      )}
      {(recuse.error ?? withdraw.error) && <Failure error={recuse.error ?? withdraw.error} />}
    </Section>
  )
}

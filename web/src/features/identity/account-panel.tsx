import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { useNow } from '../../ui/now.ts'
import { Notice } from '../../ui/notice.tsx'
import { AccessCode } from './access-code.tsx'
import { PersonAudit } from './person-audit.tsx'
import { useRightText } from './right-text.ts'

interface Holder {
  id: string
  givenName: string
  familyName: string
}

/** Somebody's account on their card: how it stands, and what the server says the reader may do to it. */
export function AccountPanel({ person }: { person: Holder }) {
  const { t } = useTranslation(['identity', 'directory'])
  const format = useFormat()
  const now = useNow(60)
  const { data } = useQuery({
    queryKey: ['person', person.id, 'account'],
    queryFn: () => read(api.GET('/api/identity/people/{id}/account', { params: { path: { id: person.id } } })),
  })
  if (!data || data.actions.length === 0) return null
  const { account, actions } = data
  const state = account ? (account.compromised ? 'compromised' : account.state) : 'none'
  const lastCode = account?.lastCode
  return (
    <>
      <Section title={t('admin.section', { name: format.name(person) })}>
        <dl className="facts">
          <div>
            <dt>{t('admin.state')}</dt>
            <dd>{t(`admin.states.${state}`)}</dd>
          </div>
          {account?.activatedAt && (
            <div>
              <dt>{t('admin.activatedAt')}</dt>
              <dd>{format.dateTime(account.activatedAt)}</dd>
            </div>
          )}
          {lastCode && (
            <div>
              <dt>{t('admin.lastCode')}</dt>
              <dd>
                <span>{format.dateTime(lastCode.issuedAt)}</span>
                <span className="quiet">
                  {lastCode.usedAt
                    ? t('admin.codeUsed', { date: format.dateTime(lastCode.usedAt) })
                    : new Date(lastCode.expiresAt) > now
                      ? t('admin.codeUntil', { date: format.dateTime(lastCode.expiresAt) })
                      : t('admin.codeOver')}
                </span>
              </dd>
            </div>
          )}
        </dl>
      </Section>
      {actions.includes('issueCode') && <AccessCode person={person} />}
      {actions.includes('declareCompromised') && state === 'active' && <Compromised person={person} />}
      {actions.includes('grantRight') && <HeldRights person={person} />}
      {actions.includes('seeHistory') && (
        <Section
          actions={<Link to={paths.trail({ person: person.id })}>{t('admin.trail')}</Link>}
          title={t('directory:person.audit')}
        >
          <PersonAudit personId={person.id} />
        </Section>
      )}
    </>
  )
}

function Compromised({ person }: { person: Holder }) {
  const { t } = useTranslation('identity')
  const explain = useProblemText()
  const client = useQueryClient()
  const [asked, setAsked] = useState(false)
  const close = useMutation({
    mutationFn: () => api.POST('/api/identity/people/{id}/compromised', { params: { path: { id: person.id } } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['person', person.id] }),
  })
  return (
    <Section hint={t('admin.compromiseHint')} title={t('admin.compromise')}>
      <div aria-live="polite">
        {close.isSuccess && <Notice kind="success" title={t('admin.compromised')} />}
        {close.error && <Notice kind="danger" title={explain(close.error)} />}
      </div>
      {!close.isSuccess && (
        <div className="row">
          {asked ? (
            <>
              <Button busy={close.isPending} look="danger" onClick={() => close.mutate()}>
                {t('admin.compromiseConfirm')}
              </Button>
              <Button onClick={() => setAsked(false)}>{t('admin.compromiseCancel')}</Button>
            </>
          ) : (
            <Button look="danger" onClick={() => setAsked(true)}>
              {t('admin.compromiseDo')}
            </Button>
          )}
        </div>
      )}
    </Section>
  )
}

function HeldRights({ person }: { person: Holder }) {
  const { t } = useTranslation('identity')
  const tell = useRightText()
  const { data } = useQuery({
    queryKey: ['person', person.id, 'rights'],
    queryFn: () => read(api.GET('/api/identity/people/{id}/rights', { params: { path: { id: person.id } } })),
  })
  if (!data || data.rights.length === 0) return null
  return (
    <Section title={t('admin.rights')}>
      <dl className="facts">
        {data.rights.map((grant) => (
          <div key={grant.id}>
            <dt>{tell.right(grant.right)}</dt>
            <dd>
              <span>{tell.perimeter(grant)}</span>
              <span className="quiet">{tell.period(grant)}</span>
            </dd>
          </div>
        ))}
      </dl>
    </Section>
  )
}

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, read } from '../../../api/client.ts'
import { paths } from '../../../paths.ts'
import { Failure } from '../../../shell/failure.tsx'
import { useFormat } from '../../../shell/format.ts'
import { Button } from '../../../ui/button.tsx'
import { Empty } from '../../../ui/empty.tsx'
import { SelectField, TextArea, TextField } from '../../../ui/field.tsx'
import { Notice } from '../../../ui/notice.tsx'
import { SkeletonRows } from '../../../ui/skeleton.tsx'
import { Table } from '../../../ui/table.tsx'
import { useNames } from '../changes.ts'
import { Cited } from '../cited.tsx'
import { GovernancePage } from '../governance-page.tsx'
import { useAgreement, useAgreementSlug } from '../governance.ts'
import { useAct } from '../meetings.ts'
import { phaseName, type Rules, type Services, servicesQuery } from './services.ts'

/** The public digital services of an agreement: where each is, and when it is next decided on. */
export function ServicesPage() {
  const { t } = useTranslation('services')
  const slug = useAgreementSlug()
  const names = useNames()
  const { data: agreement } = useAgreement()
  const { data, error, refetch } = useQuery(servicesQuery(slug))
  const rules = data?.rules
  return (
    <GovernancePage busy={!data && !error} lead={t('lead')} title={t('title')}>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={4} />}
      {data && !rules && <Empty title={t('notAgreed')}>{t('notAgreedText')}</Empty>}
      {rules && (
        <div className="measure">
          {t('rule', {
            count: rules.review.everyMonths,
            body: names.body(rules.review.body),
            followed: names.body(rules.followedBy),
          })}{' '}
          <Cited article={rules.review.article} interpretation={rules.review.interpretation} />
        </div>
      )}
      {data && rules && data.services.length === 0 && <Empty title={t('none')}>{t('noneText')}</Empty>}
      {data && data.services.length > 0 && <ServiceList rules={rules ?? null} services={data.services} />}
      {rules && agreement?.manages && <RegisterForm rules={rules} />}
    </GovernancePage>
  )
}

function ServiceList({ rules, services }: { rules: Rules | null; services: Services['services'] }) {
  const { t } = useTranslation('services')
  const slug = useAgreementSlug()
  const names = useNames()
  const format = useFormat()
  return (
    <Table
      caption={t('list')}
      head={
        <tr>
          <th scope="col">{t('service')}</th>
          <th scope="col">{t('phaseHead')}</th>
          <th scope="col">{t('next')}</th>
        </tr>
      }
      stacked
    >
      {services.map(({ number, name, owner, phase, stopped, dueOn, late, pending }) => (
        <tr key={number}>
          <th scope="row">
            <Link to={paths.governanceService(slug, number)}>{name}</Link>
            <br />
            <span className="small quiet">{t('numberOwner', { number, owner: names.party(owner) })}</span>
          </th>
          <td data-label={t('phaseHead')}>
            <div>{stopped ? t('stopped') : phaseName(rules, phase)}</div>
          </td>
          <td data-label={t('next')}>
            <div>
              {dueOn === null ? (
                <span className="quiet">{t('nothingNext')}</span>
              ) : (
                <>
                  {late ? (
                    <strong>{t('lateSince', { day: format.day(dueOn) })}</strong>
                  ) : (
                    t('dueOn', { day: format.day(dueOn) })
                  )}
                  {pending && (
                    <>
                      <br />
                      <span className="small quiet">
                        {t(`pending.${pending.state === 'draft' ? 'draft' : 'submitted'}`, { number: pending.number })}
                      </span>
                    </>
                  )}
                </>
              )}
            </div>
          </td>
        </tr>
      ))}
    </Table>
  )
}

const nothing = { name: '', purpose: '', audience: '', owner: '', beganOn: '', phase: '' }

function RegisterForm({ rules }: { rules: Rules }) {
  const { t } = useTranslation('services')
  const slug = useAgreementSlug()
  const { data: agreement } = useAgreement()
  const [draft, setDraft] = useState(nothing)
  const [made, setMade] = useState<number>()
  const set = (change: Partial<typeof nothing>) => setDraft({ ...draft, ...change })
  const owner = draft.owner || (agreement?.parties[0]?.key ?? '')
  const phase = draft.phase || (rules.phases[0]?.key ?? '')
  const beganOn = draft.beganOn || (agreement?.today ?? '')
  const register = useAct(async () => {
    const { number } = await read(
      api.POST('/api/governance/agreements/{slug}/services', {
        params: { path: { slug } },
        body: { ...draft, owner, phase, beganOn },
      }),
    )
    setMade(number)
    setDraft(nothing)
  })
  return (
    <details className="act">
      <summary>{t('register.title')}</summary>
      <div aria-live="polite">
        {made !== undefined && (
          <Notice kind="success" title={t('register.done', { number: made })}>
            <p>
              <Link to={paths.governanceService(slug, made)}>{t('register.open')}</Link>
            </p>
          </Notice>
        )}
      </div>
      {register.error && <Failure error={register.error} />}
      <form
        className="stack measure"
        onSubmit={(event) => {
          event.preventDefault()
          if (!register.isPending) register.mutate()
        }}
      >
        <TextField
          label={t('register.name')}
          maxLength={150}
          onChange={({ target }) => set({ name: target.value })}
          required
          value={draft.name}
        />
        <TextArea
          label={t('register.purpose')}
          onChange={({ target }) => set({ purpose: target.value })}
          required
          rows={3}
          value={draft.purpose}
        />
        <TextArea
          label={t('register.audience')}
          onChange={({ target }) => set({ audience: target.value })}
          required
          rows={2}
          value={draft.audience}
        />
        <SelectField
          hint={t('register.ownerHint')}
          label={t('owner')}
          onChange={({ target }) => set({ owner: target.value })}
          options={agreement?.parties.map(({ key, name }) => ({ value: key, label: name })) ?? []}
          value={owner}
        />
        <TextField
          hint={t('register.beganHint')}
          label={t('beganOn')}
          max={agreement?.today}
          onChange={({ target }) => set({ beganOn: target.value })}
          required
          type="date"
          value={beganOn}
        />
        <SelectField
          label={t('register.phase')}
          onChange={({ target }) => set({ phase: target.value })}
          options={rules.phases.map(({ key, name }) => ({ value: key, label: name }))}
          value={phase}
        />
        <div>
          <Button busy={register.isPending} look="primary" type="submit">
            {t('register.submit')}
          </Button>
        </div>
      </form>
    </details>
  )
}

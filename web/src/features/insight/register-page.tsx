import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api } from '../../api/client.ts'
import { audiencesQuery } from '../../api/queries.ts'
import { paths } from '../../paths.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { TextArea, TextField } from '../../ui/field.tsx'
import { Icon } from '../../ui/icons.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { InsightPage } from './insight-page.tsx'
import { readField, type Register, registerQuery } from './own.ts'
import '../records/records.css'

type Purpose = Register['purposes'][number]

/** The register of processing of learning records, made of what is really set; and how long each thing is kept. */
export function RegisterPage() {
  const { t } = useTranslation('traces')
  const { data, error, refetch } = useQuery(registerQuery)
  const { data: looking } = useQuery(audiencesQuery)
  return (
    <InsightPage
      actions={
        <>
          <Link to={paths.erasures()}>{t('erasures.title')}</Link>
          <Button onClick={() => window.print()}>
            <Icon name="print" size={19} /> {t('register.print')}
          </Button>
        </>
      }
      audience={looking?.audiences[0]}
      busy={!data && !error}
      lead={data && t('register.lead', { tenant: data.tenant })}
      title={t('register.title')}
    >
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={6} />}
      {data && (
        <>
          {data.purposes.some(({ months, legalBasis }) => months === null || legalBasis === null) && (
            <Notice kind="warning" title={t('register.incomplete')} />
          )}
          {data.purposes.map((purpose) => (
            <PurposeSection key={purpose.purpose} purpose={purpose} />
          ))}
          <Origins register={data} />
          <Recipients register={data} />
          <Access register={data} />
          <Runs register={data} />
        </>
      )}
    </InsightPage>
  )
}

function PurposeSection({ purpose: { purpose, months, legalBasis } }: { purpose: Purpose }) {
  const { t } = useTranslation('traces')
  const explain = useProblemText()
  const queries = useQueryClient()
  const set = useMutation({
    mutationFn: (body: { months: number | null; legalBasis: string | null }) =>
      api.PUT('/api/insight/retention/{purpose}', { params: { path: { purpose } }, body }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['insight', 'register'] }),
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const told = readField(event.currentTarget, 'months')
    const reason = readField(event.currentTarget, 'legalBasis')
    set.mutate({ months: told === '' ? null : Number(told), legalBasis: reason || null })
  }
  const title = t(`register.purposes.${purpose}.title`)
  return (
    <Section hint={t(`register.purposes.${purpose}.text`)} title={title}>
      {set.error && <Notice kind="danger" live="alert" title={explain(set.error)} />}
      {set.isSuccess && <Notice kind="success" live="status" title={t('register.saved')} />}
      <form className="records-form" onSubmit={submit}>
        <TextField
          defaultValue={months ?? ''}
          hint={t('register.monthsHint')}
          label={t('register.months')}
          max={240}
          min={1}
          name="months"
          step={1}
          type="number"
        />
        <TextArea
          defaultValue={legalBasis ?? ''}
          hint={t('register.legalBasisHint')}
          label={t('register.legalBasis')}
          maxLength={2000}
          name="legalBasis"
          rows={3}
        />
        <div className="row">
          <Button aria-label={t('register.saveOf', { purpose: title })} busy={set.isPending} type="submit">
            {t('register.save')}
          </Button>
        </div>
      </form>
    </Section>
  )
}

function Origins({ register: { sources } }: { register: Register }) {
  const { t } = useTranslation('traces')
  return (
    <Section hint={t('register.sourcesHint')} title={t('register.sources')}>
      {sources.length === 0 && <p>{t('register.noSources')}</p>}
      <ul className="records-list">
        {sources.map(({ name, treatment }) => (
          <li key={name}>{t(`register.treatment.${treatment}`, { name })}</li>
        ))}
      </ul>
    </Section>
  )
}

function Recipients({ register: { recipients } }: { register: Register }) {
  const { t } = useTranslation('traces')
  const format = useFormat()
  const tell = (list: string[]) => (list.length === 0 ? t('register.all') : format.list(list))
  return (
    <Section hint={t('register.recipientsHint')} title={t('register.recipients')}>
      {recipients.length === 0 && <p>{t('register.noRecipients')}</p>}
      {recipients.length > 0 && (
        <Table
          caption={t('register.recipients')}
          head={
            <tr>
              <th scope="col">{t('register.recipient')}</th>
              <th scope="col">{t('register.address')}</th>
              <th scope="col">{t('register.ofSources')}</th>
              <th scope="col">{t('register.ofVerbs')}</th>
            </tr>
          }
          stacked
        >
          {recipients.map(({ name, address, sources, verbs }) => (
            <tr key={address + name}>
              <th scope="row">{name}</th>
              <td className="records-value" data-label={t('register.address')}>
                <span>{address}</span>
              </td>
              <td data-label={t('register.ofSources')}>
                <span>{tell(sources)}</span>
              </td>
              <td className="records-value" data-label={t('register.ofVerbs')}>
                <span>{tell(verbs)}</span>
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Section>
  )
}

function Access({ register: { smallestGroup } }: { register: Register }) {
  const { t } = useTranslation('traces')
  return (
    <Section title={t('register.access')}>
      <ul className="records-sentences measure">
        {(['student', 'teacher', 'programme', 'administrator'] as const).map((who) => (
          <li key={who}>{t(`register.may.${who}`, { page: smallestGroup.page, export: smallestGroup.export })}</li>
        ))}
      </ul>
    </Section>
  )
}

function Runs({ register: { runs } }: { register: Register }) {
  const { t } = useTranslation('traces')
  const format = useFormat()
  return (
    <Section hint={t('register.runsHint')} title={t('register.runs')}>
      {runs.length === 0 && <p>{t('register.noRuns')}</p>}
      {runs.length > 0 && (
        <Table
          caption={t('register.runs')}
          head={
            <tr>
              <th scope="col">{t('register.ranAt')}</th>
              <th scope="col">{t('receipt.what')}</th>
              <th scope="col">{t('register.before')}</th>
              <th className="number" scope="col">
                {t('receipt.count')}
              </th>
            </tr>
          }
          stacked
        >
          {runs.map(({ purpose, cutoff, removed, ranAt }) => (
            <tr key={`${purpose} ${ranAt}`}>
              <th scope="row">{format.dateTime(ranAt)}</th>
              <td data-label={t('receipt.what')}>
                <span>{t(`register.purposes.${purpose}.title`)}</span>
              </td>
              <td data-label={t('register.before')}>
                <span>{format.dayMedium(cutoff)}</span>
              </td>
              <td className="number" data-label={t('receipt.count')}>
                <span>{removed === null ? t('register.uncounted') : format.number(removed)}</span>
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Section>
  )
}

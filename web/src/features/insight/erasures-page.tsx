import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Page, Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { saveFile } from '../../ui/csv.ts'
import { Checkbox, RadioGroup, TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { type Erasure, erasuresQuery, readField } from './own.ts'
import '../records/records.css'

/** Erasing the traces of a person: what is held, doing it, and the receipts of what was done. */
export function ErasuresPage() {
  const { t } = useTranslation('traces')
  const { data, error, refetch } = useQuery(erasuresQuery)
  return (
    <Page
      back={{ to: paths.register(), label: t('register.title') }}
      busy={!data && !error}
      lead={t('erasures.lead')}
      title={t('erasures.title')}
      wide
    >
      <Erase />
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={3} />}
      {data && (
        <Section hint={t('erasures.receiptsHint')} title={t('erasures.receipts')}>
          {data.erasures.length === 0 ? <p>{t('erasures.none')}</p> : <Receipts erasures={data.erasures} />}
        </Section>
      )}
    </Page>
  )
}

function Receipts({ erasures }: { erasures: Erasure[] }) {
  const { t } = useTranslation('traces')
  const format = useFormat()
  return (
    <Table
      caption={t('erasures.receipts')}
      head={
        <tr>
          <th scope="col">{t('erasures.at')}</th>
          <th scope="col">{t('erasures.mode')}</th>
          <th scope="col">{t('receipt.statements')}</th>
          <th scope="col">{t('receipt.copies')}</th>
        </tr>
      }
      stacked
    >
      {erasures.map(({ id, askedAt, mode, receipt }) => (
        <tr key={id}>
          <th scope="row">
            <Link to={paths.erasure(id)}>{format.dateTime(askedAt)}</Link>
          </th>
          <td data-label={t('erasures.mode')}>
            <span>{t(`erasures.modes.${mode}`)}</span>
          </td>
          <td data-label={t('receipt.statements')}>
            <span>{format.number(receipt?.statements ?? 0)}</span>
          </td>
          <td data-label={t('receipt.copies')}>
            <span>{format.number(receipt?.copies.length ?? 0)}</span>
          </td>
        </tr>
      ))}
    </Table>
  )
}

function Erase() {
  const { t } = useTranslation('traces')
  const format = useFormat()
  const explain = useProblemText()
  const queries = useQueryClient()
  const [mode, setMode] = useState<'erase' | 'unlink'>('erase')
  const [sure, setSure] = useState(false)
  const look = useMutation({
    mutationFn: (identifier: string) => read(api.POST('/api/insight/erasures/held', { body: { identifier } })),
    onSuccess: () => setSure(false),
  })
  const erase = useMutation({
    mutationFn: (identifier: string) => read(api.POST('/api/insight/erasures', { body: { identifier, mode } })),
    onSuccess: () => {
      look.reset()
      return queries.invalidateQueries({ queryKey: ['insight'] })
    },
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    erase.reset()
    look.mutate(readField(event.currentTarget, 'identifier'))
  }
  const held = look.data
  const isHeld = held && held.statements + held.mentions + held.documents + held.quarantined + held.events > 0
  const error = look.error ?? erase.error
  return (
    <Section hint={t('erasures.findHint')} title={t('erasures.find')}>
      {error && <Notice kind="danger" live="alert" title={explain(error)} />}
      <form className="records-form" onSubmit={submit}>
        <TextField
          autoComplete="off"
          hint={t('erasures.identifierHint')}
          label={t('erasures.identifier')}
          minLength={3}
          name="identifier"
          required
          spellCheck={false}
        />
        <div className="row">
          <Button busy={look.isPending} type="submit">
            {t('erasures.look')}
          </Button>
        </div>
      </form>
      {erase.data && (
        <Notice kind="success" live="status" title={t('erasures.done')}>
          <p>
            <Link to={paths.erasure(erase.data.id)}>{t('erasures.openReceipt')}</Link>
          </p>
        </Notice>
      )}
      {held && !isHeld && <Notice live="status" title={t('erasures.nothing')} />}
      {held && isHeld && (
        <div className="records-form">
          <Notice kind="warning" live="status" title={t('erasures.held')}>
            <p>
              {t('erasures.heldCounts', {
                statements: format.number(held.statements),
                mentions: format.number(held.mentions),
                documents: format.number(held.documents),
                events: format.number(held.events),
              })}
            </p>
            <ul className="records-list">
              {held.identities.map((identity) => (
                <li className="records-value code" key={identity}>
                  {identity}
                </li>
              ))}
            </ul>
          </Notice>
          <RadioGroup
            hint={t(`erasures.modeHints.${mode}`)}
            legend={t('erasures.modeLegend')}
            name="mode"
            onChoose={setMode}
            options={(['erase', 'unlink'] as const).map((value) => ({ value, label: t(`erasures.modes.${value}`) }))}
            value={mode}
          />
          <Checkbox checked={sure} label={t('erasures.sure')} onChange={({ target }) => setSure(target.checked)} />
          <div className="row">
            <Button
              busy={erase.isPending}
              disabled={!sure}
              look="danger"
              onClick={() => look.variables !== undefined && erase.mutate(look.variables)}
            >
              {t(`erasures.do.${mode}`)}
            </Button>
          </div>
        </div>
      )}
    </Section>
  )
}

const counts = [
  'statements',
  'mentions',
  'documents',
  'attachments',
  'quarantined',
  'events',
  'identifiers',
  'enrolments',
  'looks',
  'followUps',
  'launches',
] as const

/** The receipt of an erasure: what went, and what is to be asked elsewhere. */
export function ErasurePage() {
  const { t } = useTranslation('traces')
  const format = useFormat()
  const { id = '' } = useParams()
  const { data, error, refetch } = useQuery({
    queryKey: ['insight', 'erasures', id],
    queryFn: () => read(api.GET('/api/insight/erasures/{id}', { params: { path: { id } } })),
  })
  const receipt = data?.receipt
  return (
    <Page
      back={{ to: paths.erasures(), label: t('erasures.title') }}
      busy={!data && !error}
      lead={data && t(`receipt.lead.${data.mode}`, { at: format.dateTime(data.askedAt) })}
      title={t('receipt.title')}
    >
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={6} />}
      {data && receipt && (
        <>
          <Section title={t('receipt.here')}>
            <Table
              caption={t('receipt.here')}
              head={
                <tr>
                  <th scope="col">{t('receipt.what')}</th>
                  <th className="number" scope="col">
                    {t('receipt.count')}
                  </th>
                </tr>
              }
            >
              {counts.map((name) => (
                <tr key={name}>
                  <th scope="row">{t(`receipt.${name}`)}</th>
                  <td className="number">{format.number(receipt[name])}</td>
                </tr>
              ))}
            </Table>
          </Section>
          <Section hint={t('receipt.copiesHint')} title={t('receipt.copies')}>
            {receipt.copies.length === 0 ? (
              <p>{t('receipt.noCopies')}</p>
            ) : (
              <ul className="records-list">
                {receipt.copies.map(({ name, address, statements }) => (
                  <li className="records-value" key={address}>
                    {t('receipt.copy', { name, address, statements: format.number(statements) })}
                  </li>
                ))}
              </ul>
            )}
          </Section>
          <p className="quiet measure">{t('receipt.limits')}</p>
          <div className="row">
            <Button
              onClick={() =>
                saveFile(
                  `${t('receipt.file')}-${data.id}.json`,
                  new Blob([JSON.stringify(data, null, 2)], { type: 'application/json' }),
                )
              }
            >
              {t('receipt.take')}
            </Button>
          </div>
        </>
      )}
    </Page>
  )
}

import { useInfiniteQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { findText } from '../../i18n.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { TechnicalDetail } from '../../shell/technical-detail.tsx'
import { useSorting } from '../../shell/sorting.ts'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SelectField } from '../../ui/field.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { recordKinds } from './import-words.ts'

export type HeldRecord = {
  kind: (typeof recordKinds)[number]
  externalId: string | null
  code: string
  detail: string
  file: string
  line: number
  /** Set aside since then, over the imports of its source. */
  since?: string
}

/** What is asked of the server: one kind, one reason, the page after another. */
export type QuarantineQuery = { kind?: HeldRecord['kind']; code?: string; after?: string; limit?: number }

interface QuarantinePage {
  reasons: { code: string; count: number }[]
  records: HeldRecord[]
  next: string | null
}

/** Records set aside, why, and how to mend them at their source; all of them leave as CSV, for whoever mends them. */
export function Quarantine({
  queryKey,
  load,
  lead,
  remedy,
}: {
  queryKey: string[]
  load: (query: QuarantineQuery) => Promise<QuarantinePage>
  lead: string
  /** What can be done about them here. */
  remedy?: ReactNode
}) {
  const { t } = useTranslation(['imports', 'shell'])
  const format = useFormat()
  const { wording } = useSorting()
  const [parameters, setParameters] = useSearchParams()
  const kind = recordKinds.find((each) => each === parameters.get('kind'))
  const code = parameters.get('code') ?? undefined
  const filter = { ...(kind && { kind }), ...(code && { code }) }
  const choose = (name: string, value: string) =>
    setParameters(
      (before) => {
        const after = new URLSearchParams(before)
        if (value) after.set(name, value)
        else after.delete(name)
        return after
      },
      { preventScrollReset: true },
    )
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: [...queryKey, kind, code],
    queryFn: ({ pageParam }) => load({ ...filter, ...(pageParam && { after: pageParam }) }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
  })
  const listAll = async () => {
    const all: HeldRecord[] = []
    for (let after: string | null = ''; after !== null;) {
      const page: QuarantinePage = await load({ ...filter, ...(after && { after }), limit: 200 })
      all.push(...page.records)
      after = page.next
    }
    return all
  }
  if (error && !data) return <Failure error={error} onRetry={() => void refetch()} />
  if (!data) return <SkeletonRows count={6} />
  const reasons = data.pages[0]?.reasons ?? []
  const records = data.pages.flatMap((page) => page.records)
  const nameReason = (each: string) => findText(`imports:quarantine.${each}.what`) ?? each
  if (records.length === 0 && !kind && !code) {
    return (
      <Empty title={t('quarantineNone')}>
        <p>{t('quarantineNoneHint')}</p>
      </Empty>
    )
  }
  return (
    <div className="stack">
      <p className="measure">{lead}</p>
      {remedy}
      <dl className="reasons">
        {reasons.map((reason) => (
          <div key={reason.code}>
            <dt>
              {nameReason(reason.code)} <span className="quiet">({format.number(reason.count)})</span>
            </dt>
            <dd>{findText(`imports:quarantine.${reason.code}.mend`) ?? t('quarantineMend')}</dd>
          </div>
        ))}
      </dl>
      <div className="filters">
        <SelectField
          label={t('changes.kind')}
          onChange={(event) => choose('kind', event.target.value)}
          options={[
            { value: '', label: t('changes.allKinds') },
            ...recordKinds.map((value) => ({ value, label: t(`kind.${value}`) })),
          ]}
          value={kind ?? ''}
        />
        <SelectField
          label={t('quarantineReason')}
          onChange={(event) => choose('code', event.target.value)}
          options={[
            { value: '', label: t('quarantineAll') },
            ...reasons.map((reason) => ({ value: reason.code, label: nameReason(reason.code) })),
          ]}
          value={code ?? ''}
        />
      </div>
      {records.length === 0 && <Empty title={t('quarantineNoneHere')} />}
      {records.length > 0 && (
        <DataTable
          caption={t('view.quarantine')}
          columns={[
            {
              key: 'id',
              head: t('quarantineId'),
              value: (record) => record.externalId,
              cell: (record) => <span className="code">{record.externalId ?? t('quarantineNoId')}</span>,
            },
            {
              key: 'kind',
              head: t('summary.kind'),
              value: (record) => t(`kindOne.${record.kind}`),
              cell: (record) => t(`kindOne.${record.kind}`),
            },
            {
              key: 'reason',
              head: t('quarantineReason'),
              value: (record) => nameReason(record.code),
              cell: (record) => (
                <>
                  {nameReason(record.code)}
                  <br />
                  <TechnicalDetail text={record.detail} />
                </>
              ),
            },
            ...(records.some(({ since }) => since)
              ? [
                  {
                    key: 'since',
                    head: t('quarantineSince'),
                    value: ({ since }: HeldRecord) => since ?? null,
                    cell: ({ since }: HeldRecord) => since && format.dateTime(since),
                  },
                ]
              : []),
            {
              key: 'file',
              head: t('refusalFile'),
              value: (record) => record.file,
              cell: (record) => <span className="code small">{record.file}</span>,
            },
            {
              key: 'line',
              head: t('refusalLine'),
              number: true,
              value: (record) => record.line,
              cell: (record) => format.number(record.line),
            },
          ]}
          csv={{ name: t('view.quarantine'), listAll }}
          rowKey={(record) => `${record.kind} ${record.externalId ?? ''} ${record.file} ${record.line}`}
          rows={records}
          wording={wording}
        />
      )}
      {hasNextPage && (
        <div>
          <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {t('shell:more')}
          </Button>
        </div>
      )}
    </div>
  )
}

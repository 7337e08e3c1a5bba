import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Fragment } from 'react'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { findText } from '../../i18n.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFilters } from '../../shell/filters.ts'
import { useFormat } from '../../shell/format.ts'
import { Page, Section } from '../../shell/page.tsx'
import { useSorting } from '../../shell/sorting.ts'
import { DataTable } from '../../ui/data-table.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SelectField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { ProportionBar } from '../../ui/proportion-bar.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { ProjectionStatus } from './projection-status.tsx'
import '../records/records.css'

type Coverage = ApiPaths['/api/insight/coverage']['get']['responses'][200]['content']['application/json']
type Part = Coverage['parts'][number]
type VerbPart = Coverage['verbs'][number]

const periods = ['7', '30', '365', '4000'] as const
/** Verbs shown at once; the file holds those that follow. */
const mostShown = 20

/** What share of learning records the dashboards understand, and what they do not. */
export function CoveragePage() {
  const { t } = useTranslation(['coverage', 'records'])
  const [parameters, change] = useFilters()
  const days = periods.find((each) => each === parameters.get('days')) ?? '30'
  const source = parameters.get('source') ?? undefined
  const query = { days: Number(days), ...(source && { source }) }
  const { data, error, refetch } = useQuery({
    queryKey: ['insight', 'coverage', query],
    queryFn: () => read(api.GET('/api/insight/coverage', { params: { query } })),
    placeholderData: keepPreviousData,
    refetchInterval: 10_000,
  })
  return (
    <Page
      back={{ to: paths.records(), label: t('records:credentials.title') }}
      busy={!data && !error}
      lead={t('lead')}
      title={t('title')}
      wide
    >
      <search aria-label={t('filters')} className="records-filters">
        <SelectField
          label={t('period')}
          onChange={({ target }) => change({ days: target.value })}
          options={periods.map((value) => ({ value, label: t(`days.${value}`) }))}
          value={days}
        />
        <SelectField
          label={t('source')}
          onChange={({ target }) => change({ source: target.value })}
          options={[
            { value: '', label: t('anySource') },
            ...(data?.sources ?? []).map(({ id, name }) => ({ value: id, label: name })),
          ]}
          value={source ?? ''}
        />
      </search>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={6} />}
      {data?.parts.length === 0 && (
        <Empty title={t('none')}>
          <p>{t('noneHint')}</p>
        </Empty>
      )}
      {data?.parts.length === 0 && <ProjectionStatus />}
      {data && data.parts.length > 0 && (
        <>
          <Answer parts={data.parts} />
          <Missed coverage={data} />
          <BySource coverage={data} />
          <ProjectionStatus />
          <ByVerb coverage={data} />
        </>
      )}
    </Page>
  )
}

const sum = (parts: Part[], key: 'statements' | 'understood') => parts.reduce((total, part) => total + part[key], 0)
/** Rounded down: 99.99 % is not all. */
const shareOf = ({ understood, statements }: Pick<Part, 'understood' | 'statements'>) =>
  Math.floor((understood / statements) * 1_000) / 1_000

function Answer({ parts }: { parts: Part[] }) {
  const { t } = useTranslation('coverage')
  const format = useFormat()
  const whole = { understood: sum(parts, 'understood'), statements: sum(parts, 'statements') }
  return (
    <Notice
      kind={whole.understood === whole.statements ? 'success' : 'info'}
      title={t('answer', {
        share: format.percent(shareOf(whole)),
        understood: format.number(whole.understood),
        total: format.number(whole.statements),
      })}
    />
  )
}

/** The columns that tables share. */
function useColumns({ sources }: Coverage) {
  const { t } = useTranslation('coverage')
  const format = useFormat()
  const names = new Map(sources.map(({ id, name }) => [id, name]))
  const nameSource = ({ source }: Part) => names.get(source) ?? t('unknownSource')
  const nameDialect = ({ dialect }: Part) => t(`dialectName.${dialect === '' ? 'unknown' : dialect}`)
  return {
    source: { key: 'source', head: t('source'), value: nameSource, cell: nameSource },
    dialect: { key: 'dialect', head: t('dialect'), value: nameDialect, cell: nameDialect },
    verb: {
      key: 'verb',
      head: t('verb'),
      value: ({ verb }: VerbPart) => verb,
      cell: ({ verb }: VerbPart) => (
        <span className="records-value coverage-verb">
          {verb.split('/').map((part, index) => (
            // The parts of an address have no other name than their place.
            <Fragment key={`${index} ${part}`}>
              {index > 0 && (
                <>
                  /<wbr />
                </>
              )}
              {part}
            </Fragment>
          ))}
        </span>
      ),
    },
    statements: {
      key: 'statements',
      head: t('statements'),
      number: true,
      value: ({ statements }: Part) => statements,
      cell: ({ statements }: Part) => format.number(statements),
    },
    missed: {
      key: 'missed',
      head: t('missedCount'),
      number: true,
      value: (part: Part) => part.statements - part.understood,
      cell: (part: Part) => format.number(part.statements - part.understood),
    },
    share: {
      key: 'share',
      head: t('share'),
      number: true,
      value: shareOf,
      cell: (part: Part) => (
        <>
          {format.percent(shareOf(part))}
          <ProportionBar
            parts={[
              { key: 'added', value: part.understood },
              { key: 'unchanged', value: part.statements - part.understood },
            ]}
          />
        </>
      ),
    },
    meaning: {
      key: 'meaning',
      head: t('meaning'),
      value: ({ actions }: VerbPart) => actions.map(nameAction).join(', '),
      cell: ({ actions }: VerbPart) => actions.map(nameAction).join(', ') || t('nothing'),
    },
  }
}
// A newer server may know more actions than this page.
const nameAction = (action: string) => findText(`dashboards:action.${action}`) ?? action

const keyOf = ({ source, dialect }: Part) => `${source} ${dialect}`
const keyOfVerb = (part: VerbPart) => `${keyOf(part)} ${part.verb}`

function Missed({ coverage }: { coverage: Coverage }) {
  const { t } = useTranslation('coverage')
  const { verb, source, dialect, missed, statements } = useColumns(coverage)
  const sorting = useSorting('missedSort')
  const rows = coverage.verbs.filter((part) => part.understood < part.statements)
  if (rows.length === 0) return null
  return (
    <Section hint={t('missedHint')} title={t('missed')}>
      <DataTable
        caption={t('missed')}
        columns={[verb, source, dialect, missed, statements]}
        csv={{ name: t('missed'), listAll: () => Promise.resolve(rows) }}
        rowKey={keyOfVerb}
        rows={rows.slice(0, mostShown)}
        {...sorting}
        onSort={rows.length > mostShown ? undefined : sorting.onSort}
      />
    </Section>
  )
}

function BySource({ coverage }: { coverage: Coverage }) {
  const { t } = useTranslation('coverage')
  const { source, dialect, statements, missed, share } = useColumns(coverage)
  return (
    <Section hint={t('partsHint')} title={t('parts')}>
      <DataTable
        caption={t('parts')}
        columns={[source, dialect, statements, missed, share]}
        csv={{ name: t('parts') }}
        rowKey={keyOf}
        rows={coverage.parts}
        {...useSorting('sourceSort')}
      />
    </Section>
  )
}

function ByVerb({ coverage }: { coverage: Coverage }) {
  const { t } = useTranslation('coverage')
  const format = useFormat()
  const { verb, meaning, source, dialect, statements } = useColumns(coverage)
  const sorting = useSorting('verbSort')
  const rows = coverage.verbs.toSorted((one, other) => other.statements - one.statements)
  return (
    <Section hint={t('verbsHint')} title={t('verbs')}>
      <DataTable
        caption={t('verbs')}
        columns={[verb, meaning, source, dialect, statements]}
        csv={{ name: t('verbs'), listAll: () => Promise.resolve(rows) }}
        rowKey={keyOfVerb}
        rows={rows.slice(0, mostShown)}
        {...sorting}
        onSort={rows.length > mostShown ? undefined : sorting.onSort}
      />
      {rows.length > mostShown && (
        <p className="quiet">
          {t('firstOnly', { shown: format.number(mostShown), total: format.number(rows.length) })}
        </p>
      )}
    </Section>
  )
}

import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import { findText } from '../../i18n.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { pickName } from './indicator-words.ts'
import type { Trace } from './own.ts'
import '../records/records.css'

/** Traces shown at first: what can be done about them follows. */
const firstShown = 10

/** What the reader did, the latest told first, in words; and each trace as it is kept. */
export function OwnTraces() {
  const { t } = useTranslation('traces')
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['insight', 'own', 'traces'],
    queryFn: ({ pageParam }) =>
      read(api.GET('/api/insight/own/traces', { params: { query: pageParam === null ? {} : { before: pageParam } } })),
    initialPageParam: null as number | null,
    getNextPageParam: ({ next }) => next,
  })
  const [shown, setShown] = useState(firstShown)
  const traces = data?.pages.flatMap((page) => page.traces)
  const showMore = () => {
    if (shown < (traces?.length ?? 0)) setShown(Infinity)
    else void fetchNextPage()
  }
  return (
    <Section hint={t('list.hint')} title={t('list.title')}>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!traces && !error && <SkeletonRows count={4} />}
      {traces?.length === 0 && <Empty title={t('list.none')} />}
      {traces && traces.length > 0 && (
        <ol className="own-list">
          {traces.slice(0, shown).map((trace) => (
            <TraceItem key={trace.id} trace={trace} />
          ))}
        </ol>
      )}
      {(hasNextPage || (traces && shown < traces.length)) && (
        <div className="row">
          <Button busy={isFetchingNextPage} onClick={showMore}>
            {t('list.more')}
          </Button>
        </div>
      )}
    </Section>
  )
}

function TraceItem({ trace }: { trace: Trace }) {
  const { t, i18n } = useTranslation('traces')
  const format = useFormat()
  const { action, object, course, score, seconds, source } = trace
  // The words of the dashboards; else those of the tool.
  const did =
    (action === '' ? undefined : findText(`traces:did.${action}`)) ??
    pickName(trace.verb, i18n.language) ??
    t('list.something')
  const what = object && (pickName(object.name, i18n.language) ?? object.iri)
  const where = course && course.iri !== object?.iri ? (pickName(course.name, i18n.language) ?? course.iri) : null
  const results = [
    score !== null && t('list.score', { score: format.percent(score) }),
    trace.success !== null && t(trace.success ? 'list.passed' : 'list.failed'),
    seconds !== null && t('list.lasted', { duration: format.duration(seconds) }),
  ].filter((each) => each !== false)
  return (
    <li className="own-trace">
      <p>
        <strong>{what === null ? did : t('list.did', { did, what })}</strong>
      </p>
      <p className="quiet">
        <time dateTime={trace.happenedAt}>{format.dateTime(trace.happenedAt)}</time>
        {where !== null && ` · ${where}`}
        {results.length > 0 && ` · ${results.join(' · ')}`}
      </p>
      <details>
        <summary>{t('list.asKept')}</summary>
        <p className="quiet">
          {source === null
            ? t('list.received', { at: format.dateTime(trace.storedAt) })
            : t('list.receivedFrom', { at: format.dateTime(trace.storedAt), source })}
          {action === '' && ` ${t('list.notUnderstood')}`}
        </p>
        <pre className="records-body">{indent(trace.body)}</pre>
      </details>
    </li>
  )
}

function indent(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2)
  } catch {
    return body
  }
}

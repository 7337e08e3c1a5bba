import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useParams, useSearchParams } from 'react-router'
import { api, read } from '../../api/client.ts'
import { findText } from '../../i18n.ts'
import { paths } from '../../paths.ts'
import { Failure, isMissing, useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Page, Section } from '../../shell/page.tsx'
import { Places } from '../../shell/places.tsx'
import { Button, buttonClass } from '../../ui/button.tsx'
import { Checkbox } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonLines, SkeletonRows } from '../../ui/skeleton.tsx'
import { ImportChanges } from './import-changes.tsx'
import { ImportEstablishments } from './import-establishments.tsx'
import { ImportQuarantine } from './import-quarantine.tsx'
import { ImportProgress, ImportState } from './import-state.tsx'
import { ImportReread } from './import-reread.tsx'
import { ImportSummary } from './import-summary.tsx'
import { countChanges, countQuarantined, type Import, isRunning, toShownState } from './import-words.ts'
import './imports.css'

const views = ['summary', 'establishments', 'changes', 'quarantine'] as const

/** The review of an import: the verdict first, then the figures, then every change; and the decision. */
export function ImportReviewPage() {
  const { t } = useTranslation('imports')
  const format = useFormat()
  const { id = '' } = useParams()
  const { data, error, refetch } = useQuery({
    queryKey: ['import', id],
    queryFn: () => read(api.GET('/api/directory/imports/{id}', { params: { path: { id } } })),
    refetchInterval: ({ state }) => (state.data && isRunning(state.data) ? 1_000 : false),
  })
  const back = { to: paths.imports(), label: t('list.title') }
  if (!data) {
    return (
      <Page back={back} busy={!error} title={isMissing(error) ? t('review.missing') : t('review.title')} wide>
        {error ? (
          <Failure error={error} onRetry={() => void refetch()} />
        ) : (
          <>
            <SkeletonLines count={2} />
            <SkeletonRows count={6} />
          </>
        )}
      </Page>
    )
  }
  const title = data.source ? t(titleOf(data), { source: data.source.name }) : t('review.title')
  return (
    <Page
      back={back}
      lead={
        <>
          <ImportState state={toShownState(data)} />{' '}
          {[
            data.exportedOn && data.mode !== 'rollback' && t('review.exported', { day: format.day(data.exportedOn) }),
            data.mode === 'delta' && t(data.retry ? 'review.retry' : 'review.delta'),
            t('review.received', {
              when: format.dateTime(data.createdAt),
              by: data.createdBy?.name ?? t(data.unattended ? 'byItself' : 'commandLine'),
            }),
          ]
            .filter(Boolean)
            .join(' · ')}
        </>
      }
      title={title}
      wide
    >
      <div className="stack" aria-live="polite">
        <Verdict data={data} />
        {data.progress && <ImportProgress progress={data.progress} />}
        {data.undoes && (
          <p>
            <Link to={paths.import(data.undoes)}>{t('review.undoes')}</Link>
          </p>
        )}
        {data.undoneBy && (
          <Notice kind="warning" title={t('verdict.undone')}>
            <p>
              <Link to={paths.import(data.undoneBy)}>{t('review.undoneBy')}</Link>
            </p>
          </Notice>
        )}
      </div>
      <Decision data={data} key={data.state} />
      {data.actions.includes('rollback') && <RollBack data={data} />}
      {data.stagedAt && <Details data={data} />}
      <ImportReread data={data} />
      <Files data={data} />
    </Page>
  )
}

function titleOf({ mode, retry }: Import) {
  if (retry) return 'review.titleOfRetry'
  return mode === 'rollback' ? 'review.titleOfRollback' : 'review.titleOf'
}

/** What to think of it, in a sentence or two. */
function Verdict({ data }: { data: Import }) {
  const { t } = useTranslation('imports')
  const format = useFormat()
  const changes = countChanges(data)
  const quarantined = countQuarantined(data)
  const aside = quarantined > 0 && (
    <p>{t('verdict.quarantined', { count: quarantined, total: format.number(quarantined) })}</p>
  )
  switch (data.state) {
    case 'refused':
      return <Refusal data={data} title={t('verdict.refused')} />
    case 'interrupted':
      return data.actions.includes('describe') ? (
        <Question data={data} />
      ) : (
        <Refusal data={data} title={t('verdict.interrupted')} />
      )
    case 'staging':
    case 'applying':
      return <Notice title={t(`verdict.${data.state}`)}>{<p>{t(`verdict.${data.state}Hint`)}</p>}</Notice>
    case 'abandoned':
      return <Notice title={t('verdict.abandoned')} />
    case 'applied':
      return (
        <Notice kind="success" title={t('verdict.applied')}>
          <p>
            {data.appliedAt &&
              t('verdict.appliedBy', {
                when: format.dateTime(data.appliedAt),
                by: data.appliedBy?.name ?? t(data.unattended ? 'byItself' : 'commandLine'),
              })}
          </p>
          {aside}
        </Notice>
      )
    case 'ready': {
      if (data.nothingToDo) {
        return (
          <Notice kind="success" title={t('verdict.nothing')}>
            <p>{t('verdict.nothingHint')}</p>
            {aside}
          </Notice>
        )
      }
      if (data.alerts.length === 0) {
        return (
          <Notice kind="success" title={t('verdict.ready')}>
            <p>{t('verdict.readyHint', { count: changes, total: format.number(changes) })}</p>
            {data.refusal && <p>{findText(`imports:refusal.${data.refusal.code}`) ?? t('refusalOther')}</p>}
            {aside}
          </Notice>
        )
      }
      return (
        <Notice kind="warning" title={t('verdict.alert', { count: data.alerts.length })}>
          <ul className="alert-list">
            {data.alerts.map((alert) => (
              <li key={`${alert.code}-${alert.kind ?? ''}`}>
                {alert.code === 'threshold_exceeded' && alert.kind
                  ? t('alert.threshold', {
                      share: format.percent(alert.total === 0 ? 1 : alert.removed / alert.total),
                      kind: t(`kinds.${alert.kind}`),
                      removed: format.number(alert.removed),
                      total: format.number(alert.total),
                      limit: format.percent(alert.limit / 10_000),
                    })
                  : t(alert.code === 'future_export' ? 'alert.future' : 'alert.older')}
              </li>
            ))}
          </ul>
          {data.mode !== 'rollback' && <p>{t('verdict.alertHint')}</p>}
          {aside}
        </Notice>
      )
    }
    default:
      return null
  }
}

/** Files that say nothing of themselves: what must be said before they are read. */
function Question({ data }: { data: Import }) {
  const { t } = useTranslation('imports')
  const { refusal } = data
  return (
    <Notice kind="warning" title={t('verdict.describe')}>
      {refusal && <p>{findText(`imports:refusal.${refusal.code}`) ?? refusal.detail}</p>}
      {refusal?.file && <p className="code">{refusal.file}</p>}
    </Notice>
  )
}

function Refusal({ data, title }: { data: Import; title: string }) {
  const { t, i18n } = useTranslation('imports')
  const { refusal } = data
  const advice = refusal && findText(`imports:refusal.${refusal.code}`)
  return (
    <Notice kind="danger" title={title}>
      <p>{t('refusalKept')}</p>
      {refusal && (
        <dl className="facts">
          {refusal.file && (
            <div>
              <dt>{t('refusalFile')}</dt>
              <dd className="code">{refusal.file}</dd>
            </div>
          )}
          {refusal.line !== null && (
            <div>
              <dt>{t('refusalLine')}</dt>
              <dd>
                {refusal.column === null
                  ? refusal.line
                  : t('refusalColumn', { line: refusal.line, column: refusal.column })}
              </dd>
            </div>
          )}
          <div>
            <dt>{t('refusalReason')}</dt>
            <dd>{advice ?? t('refusalOther')}</dd>
          </div>
          {i18n.language === 'en' && (
            <div>
              <dt>{t('refusalDetail')}</dt>
              <dd className="quiet">{refusal.detail}</dd>
            </div>
          )}
        </dl>
      )}
    </Notice>
  )
}

/** Apply, read again or give up: what the server says can be asked now. */
function Decision({ data }: { data: Import }) {
  const { t } = useTranslation('imports')
  const explain = useProblemText()
  const client = useQueryClient()
  const [accepted, setAccepted] = useState(false)
  const [unticked, setUnticked] = useState(false)
  const path = { params: { path: { id: data.id } } }
  const act = useMutation({
    mutationFn: (action: Import['actions'][number]) => {
      if (action === 'apply') {
        return read(api.POST('/api/directory/imports/{id}/apply', { ...path, body: { acceptAlerts: accepted } }))
      }
      return action === 'stage'
        ? read(api.POST('/api/directory/imports/{id}/stage', path))
        : read(api.POST('/api/directory/imports/{id}/abandon', path))
    },
    onSuccess: (after) => client.setQueryData(['import', data.id], after),
    onSettled: () => client.invalidateQueries({ queryKey: ['import'] }),
  })
  if (data.actions.every((action) => action === 'rollback')) return null
  const mayApply = data.actions.includes('apply')
  const mustAccept = mayApply && data.alerts.length > 0
  const apply = () => {
    if (mustAccept && !accepted) setUnticked(true)
    else act.mutate('apply')
  }
  return (
    <div className="tile">
      {act.error && <Notice kind="danger" live="alert" title={explain(act.error)} />}
      {mustAccept && (
        <Checkbox
          aria-describedby={unticked ? 'accept-error' : undefined}
          aria-invalid={unticked && !accepted ? true : undefined}
          checked={accepted}
          label={t('decision.accept')}
          onChange={(event) => {
            setAccepted(event.target.checked)
            setUnticked(false)
          }}
        />
      )}
      {unticked && (
        <p className="field-error" id="accept-error" role="alert">
          {t('decision.acceptFirst')}
        </p>
      )}
      <div className="row">
        {mayApply && (
          <Button busy={act.isPending && act.variables === 'apply'} look="primary" onClick={apply}>
            {t('decision.apply')}
          </Button>
        )}
        {data.actions.includes('describe') && (
          <Link className={buttonClass('primary')} to={paths.importColumns(data.id)}>
            {t('decision.describe')}
          </Link>
        )}
        {data.actions.includes('stage') && (
          <Button busy={act.isPending && act.variables === 'stage'} look="primary" onClick={() => act.mutate('stage')}>
            {t('decision.stage')}
          </Button>
        )}
        {data.actions.includes('abandon') && (
          <Button
            busy={act.isPending && act.variables === 'abandon'}
            look="danger"
            onClick={() => act.mutate('abandon')}
          >
            {t('decision.abandon')}
          </Button>
        )}
      </div>
      {mayApply && <p className="quiet small">{t('decision.whole')}</p>}
    </div>
  )
}

/** Undoing an applied import: what that would change is shown before anything does. */
function RollBack({ data }: { data: Import }) {
  const { t } = useTranslation('imports')
  const explain = useProblemText()
  const navigate = useNavigate()
  const [asked, setAsked] = useState(false)
  const prepare = useMutation({
    mutationFn: () => read(api.POST('/api/directory/imports/{id}/rollback', { params: { path: { id: data.id } } })),
    onSuccess: (prepared) => navigate(paths.import(prepared.id)),
  })
  if (!asked) {
    return (
      <div className="row">
        <Button onClick={() => setAsked(true)}>{t('rollback.ask')}</Button>
      </div>
    )
  }
  return (
    <div className="tile">
      {prepare.error && <Notice kind="danger" live="alert" title={explain(prepare.error)} />}
      <p>{t('rollback.what')}</p>
      <div className="row">
        <Button busy={prepare.isPending} look="danger" onClick={() => prepare.mutate()}>
          {t('rollback.prepare')}
        </Button>
        <Button onClick={() => setAsked(false)}>{t('rollback.keep')}</Button>
      </div>
      <p className="quiet small">{t('rollback.nothingYet')}</p>
    </div>
  )
}

function Details({ data }: { data: Import }) {
  const { t } = useTranslation('imports')
  const format = useFormat()
  const [parameters] = useSearchParams()
  const view = views.find((each) => each === parameters.get('view')) ?? 'summary'
  const figures: Partial<Record<(typeof views)[number], number>> = {
    changes: countChanges(data),
    quarantine: countQuarantined(data),
  }
  const toView = (of: typeof view) => paths.import(data.id, of === 'summary' ? {} : { view: of })
  return (
    <section className="stack">
      <Places
        here={toView(view)}
        label={t('view.label')}
        places={views.map((each) => {
          const figure = figures[each] === undefined ? '' : ` (${format.number(figures[each])})`
          return { to: toView(each), label: t(`view.${each}`) + figure }
        })}
      />
      <h2 className="visually-hidden">{t(`view.${view}`)}</h2>
      {view === 'summary' && <ImportSummary data={data} />}
      {view === 'establishments' && <ImportEstablishments id={data.id} />}
      {view === 'changes' && <ImportChanges applied={data.state === 'applied'} id={data.id} />}
      {view === 'quarantine' && <ImportQuarantine data={data} />}
    </section>
  )
}

function Files({ data }: { data: Import }) {
  const { t } = useTranslation('imports')
  const format = useFormat()
  if (data.files.length === 0) return null
  const total = data.files.reduce((sum, { bytes }) => sum + bytes, 0)
  return (
    <Section title={t('upload.files', { count: data.files.length, size: format.bytes(total) })}>
      <details>
        <summary>{t('review.showFiles')}</summary>
        <ul className="file-list">
          {data.files.map(({ name, bytes }) => (
            <li key={name}>
              <span className="code">{name}</span>
              <span className="quiet">{format.bytes(bytes)}</span>
            </li>
          ))}
        </ul>
      </details>
    </Section>
  )
}

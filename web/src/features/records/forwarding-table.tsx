import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { findText } from '../../i18n.ts'
import { useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Table } from '../../ui/table.tsx'

type Forwarding =
  ApiPaths['/api/records/forwardings']['get']['responses'][200]['content']['application/json']['forwardings'][number]

type Act = { kind: 'pause' | 'resume' | 'remove' | 'replay'; forwarding: Forwarding; since?: string }

/** How far each store is, and what one may do about it. */
export function ForwardingTable({ forwardings }: { forwardings: Forwarding[] }) {
  const { t } = useTranslation('records')
  const explain = useProblemText()
  const queries = useQueryClient()
  const [asked, setAsked] = useState<{ id: string; kind: 'remove' | 'replay' }>()
  const act = useMutation({
    mutationFn: async ({ kind, forwarding: { id }, since = '' }: Act): Promise<unknown> => {
      const params = { path: { id } }
      if (kind === 'remove') return api.DELETE('/api/records/forwardings/{id}', { params })
      if (kind === 'replay') return api.POST('/api/records/forwardings/{id}/replay', { params, body: { since } })
      return api.PUT('/api/records/forwardings/{id}/paused', { params, body: { paused: kind === 'pause' } })
    },
    onSettled: () => {
      setAsked(undefined)
      return queries.invalidateQueries({ queryKey: ['records', 'forwardings'] })
    },
  })
  return (
    <Section title={t('forwardings.list')}>
      <div aria-live="polite">
        {act.isSuccess && (
          <Notice
            kind="success"
            title={t(`forwardings.done.${act.variables.kind}`, { name: act.variables.forwarding.name })}
          />
        )}
        {act.error && <Notice kind="danger" title={explain(act.error)} />}
      </div>
      {forwardings.length === 0 && <Empty title={t('forwardings.none')} />}
      {forwardings.length > 0 && (
        <Table
          caption={t('forwardings.list')}
          head={
            <tr>
              <th scope="col">{t('forwardings.store')}</th>
              <th scope="col">{t('forwardings.wanted')}</th>
              <th scope="col">{t('forwardings.state')}</th>
              <th scope="col">{t('forwardings.actions')}</th>
            </tr>
          }
          stacked
        >
          {forwardings.map((forwarding) => (
            <tr key={forwarding.id}>
              <th scope="row">
                {forwarding.name}
                <br />
                <span className="records-value small quiet">{forwarding.endpoint}</span>
              </th>
              <td data-label={t('forwardings.wanted')}>
                <Wanted forwarding={forwarding} />
              </td>
              <td data-label={t('forwardings.state')}>
                <State forwarding={forwarding} />
              </td>
              <td data-label={t('forwardings.actions')}>
                {asked?.id === forwarding.id ? (
                  <Confirmation
                    busy={act.isPending}
                    kind={asked.kind}
                    onConfirm={(since) => act.mutate({ kind: asked.kind, forwarding, since })}
                    onLeave={() => setAsked(undefined)}
                  />
                ) : (
                  <div className="row">
                    {(['pause', 'replay', 'remove'] as const).map((each) => {
                      const stopped = forwarding.paused || forwarding.failure !== null
                      const kind = each === 'pause' && stopped ? 'resume' : each
                      return (
                        <Button
                          aria-label={t('forwardings.actOf', {
                            act: t(`forwardings.act.${kind}`),
                            name: forwarding.name,
                          })}
                          key={each}
                          look={each === 'pause' ? 'secondary' : 'quiet'}
                          onClick={() =>
                            kind === 'remove' || kind === 'replay'
                              ? setAsked({ id: forwarding.id, kind })
                              : act.mutate({ kind, forwarding })
                          }
                        >
                          {t(`forwardings.act.${kind}`)}
                        </Button>
                      )
                    })}
                  </div>
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Section>
  )
}

function Wanted({ forwarding: { verbs, activities, sourceIds } }: { forwarding: Forwarding }) {
  const { t } = useTranslation('records')
  const limits = [
    sourceIds.length > 0 && t('forwardings.limit.sources', { count: sourceIds.length }),
    verbs.length > 0 && t('forwardings.limit.verbs', { count: verbs.length }),
    activities.length > 0 && t('forwardings.limit.activities', { count: activities.length }),
  ].filter((each) => each !== false)
  if (limits.length === 0) return <span>{t('forwardings.limit.none')}</span>
  return (
    <ul className="records-list">
      {limits.map((each) => (
        <li key={each}>{each}</li>
      ))}
    </ul>
  )
}

function State({ forwarding }: { forwarding: Forwarding }) {
  const { t } = useTranslation('records')
  const format = useFormat()
  const { paused, failure, sent, refused, sentAt, upTo, nextTryAt } = forwarding
  return (
    <ul className="records-list">
      {paused && <li>{t('forwardings.paused')}</li>}
      {failure && !paused && (
        <li>
          <strong>
            {findText(`problems:${failure.code}`) ?? failure.code}
            {failure.status !== null && ` (HTTP ${failure.status})`}
          </strong>{' '}
          {t('forwardings.again', { when: format.dateTime(nextTryAt) })}
        </li>
      )}
      <li>
        {t('forwardings.sent', { count: sent, total: format.number(sent) })}
        {sentAt && ` (${t('forwardings.last', { when: format.dateTime(sentAt) })})`}
      </li>
      {refused > 0 && (
        <li>
          <Refusals forwarding={forwarding} />
        </li>
      )}
      <li className="small quiet">
        {upTo ? t('forwardings.upTo', { when: format.dateTime(upTo) }) : t('forwardings.fromStart')}
      </li>
    </ul>
  )
}

/** Which statements the store would not take, looked up when it is asked. */
function Refusals({ forwarding: { id, refused } }: { forwarding: Forwarding }) {
  const { t } = useTranslation('records')
  const format = useFormat()
  const [open, setOpen] = useState(false)
  const { data } = useQuery({
    queryKey: ['records', 'forwardings', id, 'refusals', refused],
    queryFn: () => read(api.GET('/api/records/forwardings/{id}/refusals', { params: { path: { id } } })),
    enabled: open,
  })
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{t('forwardings.refused', { count: refused, total: format.number(refused) })}</summary>
      <ul className="records-list">
        {data?.refusals.map(({ statementId, status }) => (
          <li className="records-value small" key={statementId}>
            <span className="code">{statementId}</span> (HTTP {status})
          </li>
        ))}
      </ul>
    </details>
  )
}

function Confirmation({
  kind,
  busy,
  onConfirm,
  onLeave,
}: {
  kind: 'remove' | 'replay'
  busy: boolean
  onConfirm: (since: string) => void
  onLeave: () => void
}) {
  const { t } = useTranslation('records')
  const [since, setSince] = useState(() => new Date().toISOString().slice(0, 10))
  return (
    <div className="records-list">
      {kind === 'replay' && (
        <TextField
          label={t('forwardings.since')}
          onChange={({ target }) => setSince(target.value)}
          type="date"
          value={since}
        />
      )}
      <div className="row">
        <Button
          busy={busy}
          disabled={since === ''}
          look={kind === 'remove' ? 'danger' : 'primary'}
          onClick={() => onConfirm(since)}
        >
          {t(`forwardings.confirm.${kind}`)}
        </Button>
        <Button look="quiet" onClick={onLeave}>
          {t('forwardings.leave')}
        </Button>
      </div>
    </div>
  )
}

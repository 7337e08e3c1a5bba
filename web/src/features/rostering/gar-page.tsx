import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { findText } from '../../i18n.ts'
import { paths } from '../../paths.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Page, Section } from '../../shell/page.tsx'
import { Button, buttonClass } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import './rostering.css'

type History = ApiPaths['/api/gar/exports']['get']['responses'][200]['content']['application/json']
type Export = History['exports'][number]
const degrees = ['1D', '2D'] as const

/** The exports of the directory for the GAR: what was made, when, and the files. */
export function GarPage() {
  const { t } = useTranslation(['rostering', 'administration'])
  /** The newest export when another was asked for, which begins a little later. */
  const [before, setBefore] = useState<string | null>()
  const history = useInfiniteQuery({
    queryKey: ['gar', 'exports'],
    queryFn: ({ pageParam }) =>
      read(api.GET('/api/gar/exports', { params: { query: pageParam === '' ? {} : { after: pageParam } } })),
    initialPageParam: '',
    getNextPageParam: (last) => last.next,
    refetchInterval: ({ state }) => {
      const known = state.data?.pages.flatMap((page) => page.exports) ?? []
      const awaited = before !== undefined && (known[0]?.id ?? null) === before
      return awaited || known.some((each) => each.state === 'running') ? 2_000 : false
    },
  })
  const [first] = history.data?.pages ?? []
  const exports = history.data?.pages.flatMap((page) => page.exports) ?? []
  return (
    <Page
      back={{ to: paths.administration(), label: t('administration:title') }}
      busy={history.isPending}
      lead={t('gar.lead')}
      title={t('gar.title')}
      wide
    >
      {history.error && !first && <Failure error={history.error} onRetry={() => void history.refetch()} />}
      {history.isPending && <SkeletonRows count={4} />}
      {first && first.setting === null && (
        <Notice kind="info" title={t('gar.notConfigured')}>
          <p>
            {t('gar.configure')} <code>npm run preau -- gar configure --id-ent …</code>
          </p>
        </Notice>
      )}
      {first?.setting && <Ask onAsk={() => setBefore(exports[0]?.id ?? null)} setting={first.setting} />}
      {first && exports.length === 0 && <Empty title={t('gar.none')} />}
      {exports.length > 0 && (
        <Section title={t('gar.history')}>
          <ExportTable exports={exports} />
          {history.hasNextPage && (
            <Button busy={history.isFetchingNextPage} onClick={() => void history.fetchNextPage()}>
              {t('gar.more')}
            </Button>
          )}
        </Section>
      )}
    </Page>
  )
}

function Ask({ onAsk, setting }: { onAsk: () => void; setting: NonNullable<History['setting']> }) {
  const { t } = useTranslation('rostering')
  const explain = useProblemText()
  const client = useQueryClient()
  const ask = useMutation({
    mutationFn: (degree: (typeof degrees)[number]) => read(api.POST('/api/gar/exports', { body: { degree } })),
    onSuccess: () => {
      onAsk()
      return client.invalidateQueries({ queryKey: ['gar'] })
    },
  })
  return (
    <Section
      hint={t(setting.nightly ? 'gar.nightly' : 'gar.notNightly', {
        idEnt: setting.idEnt,
        count: setting.retentionDays,
      })}
      title={t('gar.now')}
    >
      <div aria-live="polite">
        {ask.isSuccess && <Notice kind="success" title={t('gar.asked')} />}
        {ask.error && <Notice kind="danger" title={explain(ask.error)} />}
      </div>
      <div className="row">
        {degrees.map((degree) => (
          <Button busy={ask.isPending && ask.variables === degree} key={degree} onClick={() => ask.mutate(degree)}>
            {t(`gar.ask.${degree}`)}
          </Button>
        ))}
      </div>
    </Section>
  )
}

// What people ask of an export, in their words; the other elements link these.
const told = ['GAREtab', 'GAREleve', 'GAREnseignant', 'GARGroupe', 'GARRespAff', 'files'] as const

function ExportTable({ exports }: { exports: Export[] }) {
  const { t } = useTranslation('rostering')
  const format = useFormat()
  return (
    <Table
      caption={t('gar.history')}
      head={
        <tr>
          <th scope="col">{t('gar.when')}</th>
          <th scope="col">{t('gar.degree')}</th>
          <th scope="col">{t('gar.state')}</th>
          <th scope="col">{t('gar.content')}</th>
          <th scope="col">{t('gar.file')}</th>
        </tr>
      }
      stacked
    >
      {exports.map((each) => (
        <tr key={each.id}>
          <th scope="row">
            {format.dateTime(each.startedAt)}
            <br />
            <span className="rostering-note small quiet">{each.startedBy?.name ?? t('gar.byItself')}</span>
          </th>
          <td data-label={t('gar.degree')}>
            <span>{t(`gar.degreeOf.${each.degree}`)}</span>
          </td>
          <td data-label={t('gar.state')}>
            <span>
              {t(`gar.states.${each.state}`)}
              {each.failure && ` : ${findText(`rostering:gar.failure.${each.failure}`) ?? each.failure}`}
            </span>
          </td>
          <td data-label={t('gar.content')}>
            {!told.some((name) => each.counts[name]) || (each.state === 'ready' && !each.counts['GAREtab']) ? (
              <span>{each.state === 'ready' ? t('gar.nothing') : '–'}</span>
            ) : (
              <ul className="rostering-list">
                {told
                  .filter((name) => each.counts[name])
                  .map((name) => (
                    <li key={name}>
                      {t(`gar.counts.${name}`, {
                        count: each.counts[name] ?? 0,
                        total: format.number(each.counts[name] ?? 0),
                      })}
                    </li>
                  ))}
                {Object.entries(each.leftOut).map(([reason, count]) => (
                  <li key={reason}>
                    <strong>
                      {findText(`rostering:gar.leftOut.${reason}`, { count, total: format.number(count) }) ??
                        `${reason} : ${format.number(count)}`}
                    </strong>
                  </li>
                ))}
              </ul>
            )}
          </td>
          <td data-label={t('gar.file')}>
            {each.state === 'ready' && each.archive ? (
              <div className="row">
                <a
                  aria-label={t('gar.downloadOf', { file: each.archive, size: format.bytes(each.bytes ?? 0) })}
                  className={buttonClass()}
                  download
                  href={paths.garFile(each.id, 'archive')}
                >
                  {t('gar.download', { size: format.bytes(each.bytes ?? 0) })}
                </a>
                <a download href={paths.garFile(each.id, 'checksum')}>
                  {t('gar.checksum')}
                </a>
              </div>
            ) : (
              '–'
            )}
          </td>
        </tr>
      ))}
    </Table>
  )
}

import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { findText } from '../../i18n.ts'
import { Failure } from '../../shell/failure.tsx'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SelectField } from '../../ui/field.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { changeKinds, recordKinds } from './import-words.ts'

type Change =
  ApiPaths['/api/directory/imports/{id}/changes']['get']['responses'][200]['content']['application/json']['changes'][number]

/** Every changed record, before and after side by side; the filters are in the address. */
export function ImportChanges({ id, applied }: { id: string; applied: boolean }) {
  const { t } = useTranslation(['imports', 'shell'])
  const [parameters, setParameters] = useSearchParams()
  const kind = recordKinds.find((each) => each === parameters.get('kind'))
  const change = changeKinds.find((each) => each === parameters.get('change'))
  const establishment = parameters.get('establishment') ?? undefined
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
    queryKey: ['import', id, 'changes', kind, change, establishment],
    queryFn: ({ pageParam }) =>
      read(
        api.GET('/api/directory/imports/{id}/changes', {
          params: {
            path: { id },
            query: {
              ...(kind && { kind }),
              ...(change && { change }),
              ...(establishment && { establishment }),
              ...(pageParam && { after: pageParam }),
            },
          },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
  })
  const changes = data?.pages.flatMap((page) => page.changes) ?? []
  const named = changes.find((each) => each.establishment?.ref === establishment)?.establishment?.name
  return (
    <div className="stack">
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
          label={t('changes.change')}
          onChange={(event) => choose('change', event.target.value)}
          options={[
            { value: '', label: t('changes.allChanges') },
            ...changeKinds.map((value) => ({ value, label: t(`change.${value}`) })),
          ]}
          value={change ?? ''}
        />
        {establishment && (
          <Button onClick={() => choose('establishment', '')}>
            {t('changes.leaveEstablishment', { name: named ?? establishment })}
          </Button>
        )}
      </div>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={6} height="7rem" />}
      {data && changes.length === 0 && (
        <Empty title={t('changes.none')}>{applied && <p>{t('changes.notKept')}</p>}</Empty>
      )}
      {changes.length > 0 && (
        <ol className="changes">
          {changes.map((each) => (
            <li key={`${each.kind}-${each.externalId}`}>
              <ChangedRecord each={each} />
            </li>
          ))}
        </ol>
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

function ChangedRecord({ each }: { each: Change }) {
  const { t } = useTranslation('imports')
  return (
    <article className={`change change-${each.change}`}>
      <h3>
        <span className={`delta delta-${each.change}`}>{t(`changeOne.${each.change}`)}</span> {each.label}
      </h3>
      <p className="small quiet">
        {[t(`kindOne.${each.kind}`), each.establishment?.name].filter(Boolean).join(' · ')} ·{' '}
        <span className="code">{each.externalId}</span>
      </p>
      {each.fields.length > 0 && (
        <table className="diff">
          <caption className="visually-hidden">{t('changes.fieldsOf', { name: each.label })}</caption>
          <thead>
            <tr>
              <th scope="col">{t('changes.field')}</th>
              {each.change !== 'added' && <th scope="col">{t('changes.before')}</th>}
              {each.change !== 'removed' && <th scope="col">{t('changes.after')}</th>}
            </tr>
          </thead>
          <tbody>
            {each.fields.map(({ field, before, after }) => (
              <tr key={field}>
                <th scope="row">{findText(`imports:field.${field}`) ?? field}</th>
                {each.change !== 'added' && (
                  <td className="diff-before" data-label={t('changes.before')}>
                    <Value other={after} value={before} />
                  </td>
                )}
                {each.change !== 'removed' && (
                  <td className="diff-after" data-label={t('changes.after')}>
                    <Value other={before} value={after} />
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </article>
  )
}

type FieldValue = Change['fields'][number]['before']

/** One side of a difference; of a list, what the other side lacks stands out. */
function Value({ value, other }: { value: FieldValue; other: FieldValue }) {
  const { t } = useTranslation('imports')
  if (value === null || value.length === 0) return <span className="quiet">{t('changes.nothing')}</span>
  if (typeof value === 'string') return value
  return (
    <ul className="diff-list">
      {value.map((item) => (
        <li key={item}>{Array.isArray(other) && other.includes(item) ? item : <strong>{item}</strong>}</li>
      ))}
    </ul>
  )
}

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { api, read } from '../../api/client.ts'
import { findText } from '../../i18n.ts'
import { Failure } from '../../shell/failure.tsx'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SelectField } from '../../ui/field.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { type Change, Value } from './import-values.tsx'
import { changeKinds, recordKinds } from './import-words.ts'

/** Changes a page: as many as one reads before going to do something else. */
const pageSize = 20

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
        // Another choice begins at its first page.
        if (name !== 'after') after.delete('after')
        return after
      },
      { preventScrollReset: name !== 'after' },
    )
  const after = parameters.get('after') ?? undefined
  const { data, error, refetch, isPlaceholderData } = useQuery({
    queryKey: ['import', id, 'changes', kind, change, establishment, after],
    queryFn: () =>
      read(
        api.GET('/api/directory/imports/{id}/changes', {
          params: {
            path: { id },
            query: {
              limit: pageSize,
              ...(kind && { kind }),
              ...(change && { change }),
              ...(establishment && { establishment }),
              ...(after && { after }),
            },
          },
        }),
      ),
    placeholderData: keepPreviousData,
  })
  const { data: places } = useQuery({
    queryKey: ['import', id, 'establishments', 'first'],
    queryFn: () =>
      read(api.GET('/api/directory/imports/{id}/establishments', { params: { path: { id }, query: { limit: 200 } } })),
  })
  const changes = data?.changes ?? []
  const named = changes.find((each) => each.establishment?.ref === establishment)?.establishment?.name
  const chosen = establishment ? [{ ref: establishment, name: named ?? establishment }] : []
  const offered = new Map([...chosen, ...(places?.establishments ?? [])].map(({ ref, name }) => [ref, name]))
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
        <SelectField
          label={t('establishments.name')}
          onChange={(event) => choose('establishment', event.target.value)}
          options={[
            { value: '', label: t('changes.allEstablishments') },
            ...[...offered].map(([value, label]) => ({ value, label })),
          ]}
          value={establishment ?? ''}
        />
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
      {(after !== undefined || data?.next) && (
        <nav aria-label={t('changes.pages')} className="row">
          {after !== undefined && <Button onClick={() => choose('after', '')}>{t('changes.firstPage')}</Button>}
          {data?.next && (
            <Button busy={isPlaceholderData} onClick={() => choose('after', data.next ?? '')}>
              {t('changes.nextPage')}
            </Button>
          )}
        </nav>
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
      {each.fields.length > 0 &&
        (each.change === 'modified' ? (
          <FieldsTable each={each} />
        ) : (
          <details>
            <summary>{t('changes.showRecord', { count: each.fields.length })}</summary>
            <FieldsTable each={each} />
          </details>
        ))}
    </article>
  )
}

function FieldsTable({ each }: { each: Change }) {
  const { t } = useTranslation('imports')
  return (
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
                <Value field={field} other={after} value={before} />
              </td>
            )}
            {each.change !== 'removed' && (
              <td className="diff-after" data-label={t('changes.after')}>
                <Value field={field} other={before} value={after} />
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

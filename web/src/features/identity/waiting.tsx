import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, read } from '../../api/client.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFilters } from '../../shell/filters.ts'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SelectField } from '../../ui/field.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { buttonClass } from '../../ui/button.tsx'
import type { Activation } from './managed-accounts-page.tsx'

const profiles = ['pupil', 'guardian', 'staff'] as const

/** Those whose account is not open yet; filters and page are in the address. */
export function Waiting({ establishmentId, activation }: { establishmentId: string; activation: Activation }) {
  const { t } = useTranslation('administration')
  const format = useFormat()
  const [parameters, change] = useFilters()
  const profile = profiles.find((each) => each === parameters.get('profile'))
  const classId = activation.classes.find(({ id }) => id === parameters.get('class'))?.id
  const page = Math.max(1, Number(parameters.get('page') ?? '1') || 1)
  const query = { ...(profile && { profile }), ...(classId && { classId }) }
  const { data, error, refetch } = useQuery({
    queryKey: ['activation', establishmentId, 'waiting', query, page],
    queryFn: () =>
      read(
        api.GET('/api/identity/establishments/{id}/waiting', {
          params: { path: { id: establishmentId }, query: { ...query, page } },
        }),
      ),
    placeholderData: (before) => before,
  })
  return (
    <Section
      actions={
        data && data.total > 0 ? (
          <a download href={paths.exportWaiting(establishmentId, query)}>
            {t('waiting.export')}
          </a>
        ) : undefined
      }
      title={t('waiting.title')}
    >
      <div className="form-pair">
        <SelectField
          label={t('waiting.profile')}
          onChange={(event) => change({ profile: event.target.value, page: '' })}
          options={[
            { value: '', label: t('waiting.anyProfile') },
            ...profiles.map((value) => ({ value, label: t(`profile.${value}`) })),
          ]}
          value={profile ?? ''}
        />
        <SelectField
          label={t('waiting.class')}
          onChange={(event) => change({ class: event.target.value, page: '' })}
          options={[
            { value: '', label: t('waiting.anyClass') },
            ...activation.classes.map(({ id, name }) => ({ value: id, label: name })),
          ]}
          value={classId ?? ''}
        />
      </div>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={6} />}
      {data && (
        <p aria-live="polite" className="quiet">
          {t('waiting.count', { count: data.total })}
        </p>
      )}
      {data?.total === 0 && (
        <Empty title={t('waiting.none')}>
          <p>{t('waiting.noneHint')}</p>
        </Empty>
      )}
      {data && data.people.length > 0 && (
        <Table
          caption={t('waiting.title')}
          head={
            <tr>
              <th scope="col">{t('waiting.name')}</th>
              <th scope="col">{t('waiting.profile')}</th>
              <th scope="col">{t('waiting.class')}</th>
              <th scope="col">{t('waiting.coded')}</th>
            </tr>
          }
          stacked
        >
          {data.people.map((person) => (
            <tr key={`${person.profile}-${person.personId}`}>
              <th scope="row">
                <Link to={paths.person(person.personId)}>{format.name(person)}</Link>
                {person.children.length > 0 && <p className="small quiet">{format.list(person.children)}</p>}
              </th>
              <td data-label={t('waiting.profile')}>
                <span>{t(`profile.${person.profile}`)}</span>
              </td>
              <td data-label={t('waiting.class')}>
                <span>{person.classes.map(({ name }) => name).join(', ') || '–'}</span>
              </td>
              <td data-label={t('waiting.coded')}>
                <span>
                  {person.codedAt === null
                    ? t('waiting.never')
                    : [
                        t('waiting.codedOn', { date: format.dateTime(person.codedAt) }),
                        person.codeUntil ? t('waiting.stillValid') : t('waiting.over'),
                      ].join(', ')}
                </span>
              </td>
            </tr>
          ))}
        </Table>
      )}
      {data && data.pages > 1 && (
        <nav aria-label={t('waiting.title')} className="row">
          {page > 1 && (
            <button className={buttonClass()} onClick={() => change({ page: String(page - 1) })} type="button">
              {t('waiting.before')}
            </button>
          )}
          <span>{t('waiting.page', { page, pages: data.pages })}</span>
          {page < data.pages && (
            <button className={buttonClass()} onClick={() => change({ page: String(page + 1) })} type="button">
              {t('waiting.after')}
            </button>
          )}
        </nav>
      )}
    </Section>
  )
}

import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { useSorting } from '../../shell/sorting.ts'
import { type Column, DataTable } from '../../ui/data-table.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Letters } from './letters.tsx'
import { ManagedEstablishment } from './managed-establishment.tsx'
import { Waiting } from './waiting.tsx'

export type Activation =
  ApiPaths['/api/identity/establishments/{id}/activation']['get']['responses'][200]['content']['application/json']
type Funnel = Activation['classes'][number]['pupil']

/** How far the accounts of an establishment are, the letters for those that wait, and who they are. */
export function ManagedAccountsPage() {
  return <ManagedEstablishment>{(id) => <Accounts id={id} key={id} />}</ManagedEstablishment>
}

function Accounts({ id }: { id: string }) {
  const { t } = useTranslation('administration')
  const { data, error, refetch } = useQuery({
    queryKey: ['activation', id],
    queryFn: () => read(api.GET('/api/identity/establishments/{id}/activation', { params: { path: { id } } })),
  })
  if (error && !data) return <Failure error={error} onRetry={() => void refetch()} />
  if (!data) return <SkeletonRows count={3} height="9rem" />
  return (
    <>
      <Section title={t('funnel.title')}>
        <div className="funnels">
          {data.profiles.map(({ profile, ...funnel }) => (
            <FunnelTile funnel={funnel} key={profile} title={t(`profile.${profile}`)} />
          ))}
        </div>
      </Section>
      <Letters activation={data} establishmentId={id} />
      {data.classes.length > 0 && <Classes classes={data.classes} establishmentId={id} />}
      <Waiting activation={data} establishmentId={id} />
    </>
  )
}

const steps = ['people', 'coded', 'activated', 'recent'] as const

/** From the directory to use, as bars in a table: the picture and its figures are one. */
function FunnelTile({ title, funnel }: { title: string; funnel: Funnel }) {
  const { t } = useTranslation('administration')
  const format = useFormat()
  const { people, activated } = funnel
  return (
    <article className="tile funnel">
      <h3>{title}</h3>
      {people === 0 ? (
        <p className="quiet">{t('funnel.empty')}</p>
      ) : (
        <>
          <p className="quiet">
            {t('funnel.answer', {
              open: format.number(activated),
              people: format.number(people),
              share: format.percent(activated / people),
            })}
          </p>
          <table>
            <caption className="visually-hidden">{title}</caption>
            <thead className="visually-hidden">
              <tr>
                <th scope="col">{t('funnel.step')}</th>
                <th scope="col">{t('funnel.count')}</th>
              </tr>
            </thead>
            <tbody>
              {steps.map((step) => (
                <tr key={step}>
                  <th scope="row">
                    {t(`funnel.${step}`)}
                    <span aria-hidden="true" className="funnel-bar">
                      {funnel[step] > 0 && <span style={{ inlineSize: `${(funnel[step] / people) * 100}%` }} />}
                    </span>
                  </th>
                  <td>{format.number(funnel[step])}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </article>
  )
}

function Classes({ classes, establishmentId }: { classes: Activation['classes']; establishmentId: string }) {
  const { t } = useTranslation('administration')
  const format = useFormat()
  const sorting = useSorting()
  const [parameters] = useSearchParams()
  const share = ({ activated, people }: Funnel) => (people === 0 ? null : activated / people)
  const told = ({ activated, people }: Funnel) =>
    people === 0 ? '–' : t('classes.ofPeople', { open: format.number(activated), people: format.number(people) })
  const columns: Column<Activation['classes'][number]>[] = [
    { key: 'class', head: t('classes.class'), value: ({ name }) => name, cell: ({ name }) => name },
    {
      key: 'pupils',
      head: t('classes.pupils'),
      number: true,
      value: ({ pupil }) => share(pupil),
      cell: ({ pupil }) => told(pupil),
    },
    {
      key: 'guardians',
      head: t('classes.guardians'),
      number: true,
      value: ({ guardian }) => share(guardian),
      cell: ({ guardian }) => told(guardian),
    },
    {
      key: 'letters',
      head: t('classes.letters'),
      cell: ({ id, name }) => {
        const profile = parameters.get('profile')
        const to = paths.managedAccounts(establishmentId, { class: id, ...(profile && { profile }) })
        return (
          <Link aria-label={t('classes.lettersOf', { name })} preventScrollReset={false} to={`${to}#letters`}>
            {t('letters.prepare')}
          </Link>
        )
      },
    },
  ]
  return (
    <Section hint={t('classes.hint')} title={t('classes.title')}>
      <DataTable
        {...sorting}
        caption={t('classes.title')}
        columns={columns}
        csv={{ name: 'preau-classes' }}
        rowKey={({ id }) => id}
        rows={classes}
      />
    </Section>
  )
}

import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { type Home, homeQuery } from '../../api/queries.ts'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Page, Section } from '../../shell/page.tsx'
import { useSession } from '../../shell/session.ts'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Applications } from './applications.tsx'
import { ChildSwitch } from './child-switch.tsx'
import { Children } from './children.tsx'
import { HeadedEstablishments, Territories } from './perimeters.tsx'
import { OwnClasses, Teachings } from './classes.tsx'
import { News } from './news.tsx'
import { Tasks } from './tasks.tsx'
import { useNow } from '../../ui/now.ts'
import { Yard } from '../../ui/yard.tsx'
import './home.css'

/** The first page answers: what is new for me, what must I do, where do I go. */
export function HomePage() {
  const { t } = useTranslation('portal')
  const format = useFormat()
  const session = useSession()
  const now = useNow(60)
  const { data: home, error, refetch } = useQuery(homeQuery)
  return (
    <Page
      busy={!home && !error}
      lead={<span className="home-day">{format.today(now)}</span>}
      picture={<Yard />}
      title={t('hello', { name: session.person.givenName })}
      wide
    >
      {home ? (
        <HomeContent home={home} />
      ) : error ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : (
        <>
          <div className="home-now">
            <SkeletonRows count={1} height="9rem" />
            <SkeletonRows count={1} height="9rem" />
          </div>
          <div className="tiles">
            <SkeletonRows count={1} height="14rem" />
            <SkeletonRows count={1} height="14rem" />
          </div>
        </>
      )}
    </Page>
  )
}

function HomeContent({ home: { directory, applications } }: { home: Home }) {
  const { t } = useTranslation('portal')
  const [parameters] = useSearchParams()
  const child = directory.children.find(({ id }) => id === parameters.get('child'))
  return (
    <>
      {directory.children.length > 1 && <ChildSwitch chosen={child?.id} people={directory.children} />}
      <div className="home-now">
        <Now title={t('news.title')}>
          <News childName={child?.givenName} />
        </Now>
        <Now title={t('tasks.title')}>
          <Tasks directory={directory} />
        </Now>
      </div>
      {directory.children.length > 0 && (
        <Section title={t('children.title', { count: child ? 1 : directory.children.length })}>
          <Children people={child ? [child] : directory.children} />
        </Section>
      )}
      {directory.classes.length > 0 && (
        <Section title={t('classes.title')}>
          <OwnClasses classes={directory.classes} />
        </Section>
      )}
      {directory.teachings.length > 0 && (
        <Section title={t('teachings.title')}>
          <Teachings teachings={directory.teachings} />
        </Section>
      )}
      {directory.headed.length > 0 && (
        <Section title={t('headed.title', { count: directory.headed.length })}>
          <HeadedEstablishments headed={directory.headed} />
        </Section>
      )}
      {directory.territories.length > 0 && (
        <Section
          actions={<Link to={paths.establishments()}>{t('territories.all')}</Link>}
          hint={t('territories.hint')}
          title={t('territories.title', { count: directory.territories.length })}
        >
          <Territories territories={directory.territories} />
        </Section>
      )}
      <Section title={t('applications.title')}>
        <Applications applications={applications} />
      </Section>
    </>
  )
}

function Now({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="stack stack-tight">
      <h2 className="home-now-title">{title}</h2>
      {children}
    </section>
  )
}

import { useQuery } from '@tanstack/react-query'
import { Suspense, useEffect, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, Navigate, NavLink, Outlet, ScrollRestoration, useLocation, useNavigation } from 'react-router'
import { agreementsQuery, appearanceQuery, audiencesQuery, sessionQuery } from '../api/queries.ts'
import { paths } from '../paths.ts'
import { Icon, type IconName } from '../ui/icons.tsx'
import { Mark } from '../ui/mark.tsx'
import { SkeletonLines } from '../ui/skeleton.tsx'
import { AccountNotices } from './account-notices.tsx'
import { Failure } from './failure.tsx'
import { useFormat } from './format.ts'
import { OfflineNotice } from './offline-notice.tsx'
import { holds, type Session, useSignOut } from './session.ts'
import './shell.css'

/** Around every page: moves the focus to the title of the page one arrives at, so that it is read. */
export function Root() {
  const { pathname } = useLocation()
  const previous = useRef(pathname)
  useEffect(() => {
    if (previous.current === pathname) return
    previous.current = pathname
    document.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true })
  }, [pathname])
  return (
    <>
      <Outlet />
      <ScrollRestoration />
    </>
  )
}

function SkipLink() {
  const { t } = useTranslation()
  return (
    <a className="skip-link" href="#content">
      {t('skip')}
    </a>
  )
}

/** Pages for signed-in people: navigation beside the work, or under it on phones. */
export function SignedInShell() {
  const { t } = useTranslation()
  const { data: session, error, refetch } = useQuery(sessionQuery)
  const location = useLocation()
  if (session?.signedIn === false) {
    const asked = location.pathname + location.search
    return <Navigate replace to={paths.signIn(asked === '/' ? {} : { returnTo: asked })} />
  }
  return (
    <div className="shell">
      <SkipLink />
      <Brand />
      {session && <Navigation session={session} />}
      <main className="shell-main" id="content" tabIndex={-1}>
        <OfflineNotice />
        {session && <AccountNotices session={session} />}
        {session ? (
          <Suspense fallback={<SkeletonLines count={4} />}>
            <Outlet />
          </Suspense>
        ) : error ? (
          <Failure error={error} onRetry={() => void refetch()} />
        ) : (
          <div aria-busy="true">
            <p className="visually-hidden">{t('loading')}</p>
            <SkeletonLines count={4} />
          </div>
        )}
      </main>
      <PendingBar />
      <Footer />
    </div>
  )
}

/** Pages anyone may read. */
export function PublicShell() {
  return (
    <div className="shell shell-public">
      <SkipLink />
      <Brand />
      <main className="shell-main" id="content" tabIndex={-1}>
        <OfflineNotice />
        <Suspense fallback={<SkeletonLines count={4} />}>
          <Outlet />
        </Suspense>
      </main>
      <PendingBar />
      <Footer />
    </div>
  )
}

function Brand() {
  const { t } = useTranslation()
  const { data: appearance } = useQuery(appearanceQuery)
  return (
    <header className="brand">
      <Link aria-label={t('brandLink', { name: appearance?.name ?? 'Préau' })} className="brand-link" to={paths.home()}>
        <Mark height="34" width="34" />
        {/* A name is parted between its words, never at its hyphens. */}
        <span>{(appearance?.name ?? 'Préau').replaceAll('-', '-\u2060')}</span>
      </Link>
    </header>
  )
}

/** As many as a phone shows side by side; where there are more, the last of these opens the others. */
const side = 5

function Navigation({ session }: { session: Session }) {
  const { t } = useTranslation()
  const { pathname } = useLocation()
  // Open where it was opened: going somewhere closes it.
  const [openAt, setOpenAt] = useState<string>()
  const open = openAt === pathname
  const restId = useId()
  useEffect(() => {
    if (!open) return undefined
    const closeByEscape = ({ key }: KeyboardEvent) => {
      if (key === 'Escape') setOpenAt(undefined)
    }
    document.addEventListener('keydown', closeByEscape)
    return () => document.removeEventListener('keydown', closeByEscape)
  }, [open])
  const format = useFormat()
  const signOut = useSignOut()
  const { data: looking } = useQuery(audiencesQuery)
  const { data: consortium } = useQuery(agreementsQuery)
  const all: Place[] = [
    { to: paths.home(), label: t('nav.home'), icon: 'home' },
    { to: paths.directory(), label: t('nav.directory'), icon: 'people' },
    {
      to: paths.dashboards(),
      label: t('nav.dashboards'),
      short: t('nav.dashboardsShort'),
      icon: 'chart',
      only: (looking?.audiences.length ?? 0) > 0,
    },
    {
      to: paths.governance(),
      label: t('nav.governance'),
      icon: 'council',
      only: (consortium?.agreements.length ?? 0) > 0 || holds(session, 'governance.administer'),
    },
    { to: paths.imports(), label: t('nav.imports'), icon: 'import', only: holds(session, 'directory.import') },
    { to: paths.administration(), label: t('nav.administration'), icon: 'key', only: session.manages },
    // Who manages more finds it there.
    {
      to: paths.records(),
      label: t('nav.records'),
      icon: 'key',
      only: !session.manages && holds(session, 'records.administer'),
    },
    { to: paths.status(), label: t('nav.status'), icon: 'status', only: holds(session, 'instance.operate') },
    { to: paths.account(), label: t('nav.account'), icon: 'account' },
  ]
  const places = all.filter(({ only }) => only !== false)
  const first = places.length > side ? places.slice(0, side - 1) : places
  const rest = places.slice(first.length)
  return (
    <nav aria-label={t('nav.label')} className="nav">
      <div className={open ? 'nav-places nav-open' : 'nav-places'}>
        <PlaceList places={first} />
        {rest.length > 0 && (
          <>
            <button
              aria-controls={restId}
              aria-expanded={open}
              className={
                rest.some(({ to }) => isWithin(pathname, to)) ? 'nav-link nav-more nav-here' : 'nav-link nav-more'
              }
              onClick={() => setOpenAt(open ? undefined : pathname)}
              type="button"
            >
              <Icon name="more" />
              {t('nav.more')}
            </button>
            <PlaceList className="nav-rest" id={restId} places={rest} />
          </>
        )}
      </div>
      <div className="nav-person">
        <p>
          <span className="small quiet">{t('signedInAs')}</span>
          <br />
          {format.name(session.person)}
        </p>
        <button className="nav-leave" onClick={() => void signOut()} type="button">
          <Icon name="leave" size={19} /> {t('signOut')}
        </button>
      </div>
    </nav>
  )
}

interface Place {
  to: string
  label: string
  /** Where there is little room. */
  short?: string
  icon: IconName
  only?: boolean
}

const isWithin = (pathname: string, to: string) => pathname === to || pathname.startsWith(`${to}/`)

function PlaceList({ places, ...list }: { places: Place[]; className?: string; id?: string }) {
  return (
    <ul {...list}>
      {places.map(({ to, label, short, icon }) => (
        <li key={to}>
          <NavLink aria-label={short && label} className="nav-link" end={to === paths.home()} to={to}>
            <Icon name={icon} />
            <span className={short && 'nav-whole'}>{label}</span>
            {short && <span className="nav-short">{short}</span>}
          </NavLink>
        </li>
      ))}
    </ul>
  )
}

function Footer() {
  const { t } = useTranslation()
  const { data: appearance } = useQuery(appearanceQuery)
  return (
    <footer className="footer">
      {appearance?.demonstration && <p>{t('demonstration')}</p>}
      <ul className="footer-links">
        <li>
          <Link to={paths.help()}>{t('nav.help')}</Link>
        </li>
        <li>
          <Link to={paths.accessibility()}>{t('nav.accessibility')}</Link>
        </li>
      </ul>
    </footer>
  )
}

/** A thin line while the next page is being fetched. */
function PendingBar() {
  const { state } = useNavigation()
  return state === 'idle' ? null : <div aria-hidden="true" className="pending" />
}

import { matchRoutes } from 'react-router'
import { expect, test } from 'vitest'
import { paths } from './paths.ts'

const id = '0193a1b2-0000-7000-8000-000000000001'

test('addresses', () => {
  expect({
    home: paths.home(),
    childsHome: paths.home({ child: id }),
    signIn: paths.signIn({ returnTo: '/imports?view=changes' }),
    search: paths.directory({ q: 'élé & co', profile: 'pupil' }),
    person: paths.person(id),
    changes: paths.import(id, { view: 'changes', kind: 'pupil' }),
    federation: paths.startFederation('educonnect', { returnTo: '/' }),
  }).toEqual({
    home: '/',
    childsHome: `/?child=${id}`,
    signIn: '/sign-in?returnTo=%2Fimports%3Fview%3Dchanges',
    search: '/directory?q=%C3%A9l%C3%A9+%26+co&profile=pupil',
    person: `/directory/people/${id}`,
    changes: `/imports/${id}?view=changes&kind=pupil`,
    federation: '/api/federation/providers/educonnect/start?returnTo=%2F',
  })
})

test('an identifier cannot lead elsewhere', () => {
  expect(paths.person('../../imports')).toBe('/directory/people/..%2F..%2Fimports')
})

test('every page has a route', async () => {
  const { routes } = await import('./routes.tsx')
  const pages = [
    paths.home(),
    paths.signIn(),
    paths.activate(),
    paths.directory(),
    paths.person(id),
    paths.establishments(),
    paths.establishment(id),
    paths.teachingGroup(id),
    paths.imports(),
    paths.newImport(),
    paths.import(id),
    paths.status(),
    paths.account(),
    paths.welcome(),
    paths.administration(),
    paths.managedAccounts(id),
    paths.managedRights(id),
    paths.managedStays(id),
    paths.trail(),
    paths.help(),
    paths.accessibility(),
  ]
  const lost = pages.filter((page) => (matchRoutes(routes, page)?.at(-1)?.route.path ?? '*') === '*' && page !== '/')
  expect(lost).toEqual([])
})

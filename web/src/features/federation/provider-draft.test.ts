import { expect, test } from 'vitest'
import { type Declared, type Draft, emptyDraft, findErrors, toDeclaration, toDraft } from './provider-draft.ts'

const saml: Draft = {
  ...emptyDraft,
  slug: 'universite',
  name: 'Université',
  issuer: 'https://idp.example/metadata',
  metadataUrl: 'https://idp.example/metadata',
}
const oidc: Draft = { ...saml, protocol: 'oidc', issuer: 'https://idp.example', clientId: 'preau', secret: 'hush' }

test('what is missing or cannot be used is named', () => {
  expect(Object.keys(findErrors(emptyDraft))).toEqual(['slug', 'name', 'issuer', 'metadataUrl'])
  expect(findErrors(saml)).toEqual({})
  expect(findErrors(oidc)).toEqual({})
  for (const [change, field] of [
    [{ slug: 'Ma Fac' }, 'slug'],
    [{ metadata: '<x/>' }, 'metadata'],
    [{ recordKinds: [] }, 'recordKinds'],
    [{ profile: 'renater' }, 'certificates'],
    [{ protocol: 'cas', issuer: 'cas.example' }, 'issuer'],
    [{ protocol: 'oidc', clientId: '' }, 'clientId'],
    [{ protocol: 'oidc', clientId: 'x', scope: 'profile' }, 'scope'],
  ] as [Partial<Draft>, keyof Draft][]) {
    expect(Object.keys(findErrors({ ...saml, ...change }))).toEqual([field])
  }
})

test('a declaration read and sent again is the same, without its secret', () => {
  const declared: Declared = {
    slug: 'oidc',
    name: 'Accès',
    protocol: 'oidc',
    profile: 'proConnect',
    issuer: 'https://idp.example',
    clientId: 'preau',
    hasSecret: true,
    scope: 'openid email',
    userinfoAlgorithm: 'ES256',
    metadataUrl: null,
    metadata: null,
    metadataCertificates: [],
    unsolicited: false,
    referenceClaim: 'refs',
    recordKinds: ['staff'],
    organisations: [{ code: '0350001A', name: 'Collège' }],
    register: '',
    state: 'up',
    reason: null,
    checkedAt: null,
  }
  expect(toDeclaration(toDraft(declared), declared)).toEqual({
    protocol: 'oidc',
    name: 'Accès',
    profile: 'proConnect',
    issuer: 'https://idp.example',
    clientId: 'preau',
    scope: 'openid email',
    userinfoAlgorithm: 'ES256',
    referenceClaim: 'refs',
    recordKinds: ['staff'],
    organisations: ['0350001A'],
  })
  const twoKeys = {
    ...declared,
    protocol: 'saml' as const,
    metadataUrl: 'https://x',
    metadataCertificates: ['AAAA', 'BBBB'],
  }
  expect(toDeclaration(toDraft(twoKeys), twoKeys)).toMatchObject({
    metadataCertificates: [
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
      '-----BEGIN CERTIFICATE-----\nBBBB\n-----END CERTIFICATE-----',
    ],
  })
  expect(toDeclaration(oidc, undefined)).toMatchObject({ clientSecret: 'hush' })
  expect(toDeclaration({ ...oidc, protocol: 'cas' }, undefined)).not.toHaveProperty('clientSecret')
})

import type { paths as ApiPaths } from '../../api/schema.d.ts'

export type Declared =
  ApiPaths['/api/federation/declarations']['get']['responses'][200]['content']['application/json']['providers'][number]
type Declaration = ApiPaths['/api/federation/declarations/{slug}']['put']['requestBody']['content']['application/json']
export type Protocol = Declared['protocol']
type Profile = Declared['profile']
type Kind = Declared['recordKinds'][number]

export const kinds: Kind[] = ['pupil', 'guardian', 'staff']
/** Profiles that each protocol may have. */
export const profiles: Record<Protocol, Profile[]> = {
  oidc: ['generic', 'franceConnect', 'proConnect'],
  saml: ['generic', 'eduConnect', 'agents', 'renater'],
  cas: ['generic', 'agents'],
}

/** The form, as it is typed. */
export interface Draft {
  slug: string
  name: string
  protocol: Protocol
  profile: Profile
  issuer: string
  clientId: string
  secret: string
  scope: string
  metadataUrl: string
  metadata: string
  certificates: string
  unsolicited: boolean
  referenceClaim: string
  recordKinds: Kind[]
  organisations: string
}

export const emptyDraft: Draft = {
  slug: '',
  name: '',
  protocol: 'saml',
  profile: 'generic',
  issuer: '',
  clientId: '',
  secret: '',
  scope: '',
  metadataUrl: '',
  metadata: '',
  certificates: '',
  unsolicited: false,
  referenceClaim: '',
  recordKinds: kinds,
  organisations: '',
}

export function toDraft(declared: Declared): Draft {
  return {
    slug: declared.slug,
    name: declared.name,
    protocol: declared.protocol,
    profile: declared.profile,
    issuer: declared.issuer,
    clientId: declared.clientId ?? '',
    secret: '',
    scope: declared.protocol === 'oidc' ? declared.scope : '',
    metadataUrl: declared.metadataUrl ?? '',
    metadata: declared.metadata ?? '',
    certificates: declared.metadataCertificates.map(toPem).join('\n'),
    unsolicited: declared.unsolicited,
    referenceClaim: declared.referenceClaim ?? '',
    recordKinds: declared.recordKinds,
    organisations: declared.organisations.map(({ code }) => code).join('\n'),
  }
}

/** What cannot be used, by field: the key of its text. */
export function findErrors(draft: Draft): Partial<Record<keyof Draft, string>> {
  const isAddress = (text: string) => /^https?:\/\/\S+$/.test(text.trim())
  const { protocol, profile } = draft
  const wrong: [keyof Draft, boolean, string][] = [
    ['slug', !/^[a-z0-9-]{1,40}$/.test(draft.slug), 'slug'],
    ['name', draft.name.trim() === '', 'name'],
    ['issuer', protocol === 'saml' ? draft.issuer.trim() === '' : !isAddress(draft.issuer), `issuer.${protocol}`],
    ['clientId', protocol === 'oidc' && draft.clientId.trim() === '', 'clientId'],
    ['scope', draft.scope.trim() !== '' && !split(draft.scope).includes('openid'), 'scope'],
    [
      'metadataUrl',
      protocol === 'saml' && draft.metadata.trim() === '' && !isAddress(draft.metadataUrl),
      'metadataUrl',
    ],
    ['metadata', protocol === 'saml' && draft.metadata.trim() !== '' && draft.metadataUrl.trim() !== '', 'metadata'],
    ['certificates', profile === 'renater' && draft.certificates.trim() === '', 'certificates'],
    ['referenceClaim', profile === 'renater' && draft.referenceClaim.trim() !== '', 'referenceClaim'],
    ['recordKinds', draft.recordKinds.length === 0, 'recordKinds'],
  ]
  return Object.fromEntries(wrong.flatMap(([field, is, text]) => (is ? [[field, text]] : [])))
}

/** What is sent: nothing of the fields of another protocol; an empty secret stays what it was. */
export function toDeclaration(draft: Draft, former: Declared | undefined): Declaration {
  const base = {
    name: draft.name.trim(),
    profile: draft.profile,
    issuer: draft.issuer.trim(),
    recordKinds: draft.recordKinds,
    referenceClaim: draft.referenceClaim.trim() || null,
    organisations: split(draft.organisations),
  }
  if (draft.protocol === 'cas') return { ...base, protocol: 'cas' }
  if (draft.protocol === 'saml') {
    return {
      ...base,
      protocol: 'saml',
      ...(draft.metadata.trim() ? { metadata: draft.metadata.trim() } : { metadataUrl: draft.metadataUrl.trim() }),
      metadataCertificates: draft.certificates
        .split(/(?<=-----END CERTIFICATE-----)/)
        .flatMap((one) => one.trim() || []),
      unsolicited: draft.unsolicited,
    }
  }
  const scope = split(draft.scope).join(' ')
  const algorithm = former?.userinfoAlgorithm
  return {
    ...base,
    protocol: 'oidc',
    clientId: draft.clientId.trim(),
    ...(draft.secret ? { clientSecret: draft.secret } : {}),
    ...(scope ? { scope } : {}),
    ...(algorithm === 'RS256' || algorithm === 'ES256' || algorithm === 'PS256'
      ? { userinfoAlgorithm: algorithm }
      : {}),
  }
}

const split = (text: string) => text.split(/[\s,;]+/).filter(Boolean)

const toPem = (base64: string) =>
  ['-----BEGIN CERTIFICATE-----', ...(base64.match(/.{1,64}/g) ?? []), '-----END CERTIFICATE-----'].join('\n')

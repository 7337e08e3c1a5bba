import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import {
  createRemoteJWKSet,
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from 'jose'

/** Somebody of the platform. */
export interface PlatformUser {
  id: string
  username: string
  name: string
  email: string
  /** Short names of roles in the course. */
  roles: string[]
}

/** A grade the platform holds. */
export interface PlatformGrade {
  lineItem: string
  label: string
  maximum: number
  userId: string
  score: number
}

export interface PlatformOptions {
  product?: string
  users: PlatformUser[]
  course: { id: string; title: string }
  grades?: PlatformGrade[]
  /** Members on each page of the roster. */
  pageSize?: number
  /** Whether its pages keep data for tools (LTI Platform Storage). */
  storage?: boolean
  port?: number
}

/** A tool as the platform knows it, registered by itself or by hand. */
export interface KnownTool {
  clientId: string
  deploymentId: string
  loginUrl: string
  launchUrl: string
  keysUrl: string
  custom: Record<string, string>
}

const lti = (name: string) => `https://purl.imsglobal.org/spec/lti/claim/${name}`
const membership = 'http://purl.imsglobal.org/vocab/lis/v2/membership#'

/**
 * A learning platform that speaks LTI 1.3 over real HTTP, written from the specifications and apart from the product: OpenID
 * Connect, dynamic registration, deep linking, names and roles, grades, platform storage.
 */
export class TestPlatform {
  readonly options: PlatformOptions
  /** What was chosen to be embedded, by the answers to deep linking. */
  readonly chosen: JWTPayload[] = []
  /** Scopes of the tokens given. */
  readonly tokenScopes: string[] = []
  tool: KnownTool | undefined
  url = ''
  /** Custom parameters of the link that is launched. */
  linkCustom: Record<string, string> = {}
  /** What the registration request held. */
  registration: Record<string, unknown> | undefined
  private server: Server | undefined
  private keys: { kid: string; privateKey: CryptoKey; jwk: JWK }[] = []
  private clients = 0

  constructor(options: PlatformOptions) {
    this.options = options
  }

  async start(): Promise<this> {
    await this.rotateKey()
    this.server = createServer((request, response) => {
      this.answer(request, response).catch((error: unknown) => {
        response.writeHead(500).end(String(error))
      })
    }).listen(this.options.port ?? 0, '127.0.0.1')
    await once(this.server, 'listening')
    const address = this.server.address()
    if (typeof address !== 'object' || address === null) throw new Error('no address')
    this.url = `http://127.0.0.1:${address.port}`
    return this
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections()
    this.server?.close()
    await (this.server && once(this.server, 'close'))
  }

  /** Signs by a new key from now on; the former ones stay published. */
  async rotateKey(): Promise<void> {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
    const kid = `key-${this.keys.length + 1}`
    this.keys.unshift({ kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' } })
  }

  get publicKey(): JWK {
    return this.keys[0]!.jwk
  }

  /** What announces a launch, as the form of a course page sends it. */
  announce(userId: string, hint = 'resource'): Record<string, string> {
    const tool = this.knownTool()
    return {
      iss: this.url,
      login_hint: userId,
      target_link_uri: tool.launchUrl,
      client_id: tool.clientId,
      lti_deployment_id: tool.deploymentId,
      lti_message_hint: hint,
    }
  }

  /** The claims of a launch that answers a request to vouch for somebody. */
  claims(asked: URLSearchParams): Record<string, unknown> {
    const tool = this.knownTool()
    const user = this.options.users.find((each) => each.id === asked.get('login_hint'))
    if (!user) throw new Error('unknown user')
    const seconds = Math.floor(Date.now() / 1_000)
    const isChoice = asked.get('lti_message_hint') === 'choose'
    return {
      iss: this.url,
      aud: tool.clientId,
      sub: user.id,
      name: user.name,
      email: user.email,
      iat: seconds,
      exp: seconds + 60,
      nonce: asked.get('nonce'),
      [lti('version')]: '1.3.0',
      [lti('message_type')]: isChoice ? 'LtiDeepLinkingRequest' : 'LtiResourceLinkRequest',
      [lti('deployment_id')]: tool.deploymentId,
      [lti('target_link_uri')]: tool.launchUrl,
      [lti('roles')]: user.roles.map((role) => `${membership}${role}`),
      [lti('context')]: { id: this.options.course.id, title: this.options.course.title, type: ['CourseSection'] },
      [lti('custom')]: {
        ...this.expand(tool.custom, user),
        ...this.linkCustom,
      },
      'https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice': {
        context_memberships_url: `${this.url}/courses/${this.options.course.id}/members`,
        service_versions: ['2.0'],
      },
      'https://purl.imsglobal.org/spec/lti-ags/claim/endpoint': {
        scope: [
          'https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly',
          'https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly',
        ],
        lineitems: `${this.url}/courses/${this.options.course.id}/lineitems`,
      },
      ...(isChoice
        ? {
            'https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings': {
              deep_link_return_url: `${this.url}/chosen`,
              accept_types: ['ltiResourceLink'],
              accept_presentation_document_targets: ['iframe'],
              data: 'what the platform wants back',
              title: 'Un lien du cours',
            },
          }
        : { [lti('resource_link')]: { id: 'link-1', title: 'Préau' } }),
    }
  }

  private expand(custom: Record<string, string>, user: PlatformUser): Record<string, string> {
    const known: Record<string, string> = { '$User.username': user.username, '$Context.id': this.options.course.id }
    return Object.fromEntries(Object.entries(custom).map(([name, value]) => [name, known[value] ?? value]))
  }

  sign(claims: Record<string, unknown>, header: { kid?: string } = { kid: this.keys[0]!.kid }): Promise<string> {
    const { privateKey } = this.keys[0]!
    return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...header }).sign(privateKey)
  }

  private knownTool(): KnownTool {
    if (!this.tool) throw new Error('no tool is registered')
    return this.tool
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url)
    const body = await readBody(request)
    const json = (status: number, value: unknown, headers: Record<string, string> = {}) =>
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
    const page = (html: string, headers: Record<string, string> = {}) =>
      response
        .writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...headers })
        .end(`<!doctype html><html lang="fr"><title>Plateforme d’essai</title>${html}</html>`)

    if (url.pathname === '/.well-known/openid-configuration') return void json(200, this.describe())
    if (url.pathname === '/keys') return void json(200, { keys: this.keys.map((each) => each.jwk) })
    if (url.pathname === '/register') return void json(200, this.register(JSON.parse(body) as Record<string, unknown>))
    if (url.pathname === '/authorize') {
      const asked = request.method === 'POST' ? new URLSearchParams(body) : url.searchParams
      const redirect = asked.get('redirect_uri')
      if (redirect !== this.knownTool().launchUrl) return void response.writeHead(400).end('redirect_uri')
      const token = await this.sign(this.claims(asked))
      return void page(
        `<form method="post" action="${redirect}"><input type="hidden" name="id_token" value="${token}">` +
          `<input type="hidden" name="state" value="${asked.get('state') ?? ''}"></form><script>document.forms[0].submit()</script>`,
      )
    }
    if (url.pathname === '/token') {
      const scopes = await this.checkAssertion(new URLSearchParams(body))
      return void (scopes === undefined
        ? json(401, { error: 'invalid_client' })
        : json(200, { access_token: `token ${scopes}`, token_type: 'Bearer', expires_in: 300, scope: scopes }))
    }
    if (url.pathname.startsWith('/courses/')) return this.serve(url, request, json)
    if (url.pathname === '/chosen') {
      const { payload } = await this.readTool(new URLSearchParams(body).get('JWT') ?? '')
      this.chosen.push(payload)
      return void page('<h1>Choix reçu</h1>')
    }
    if (url.pathname === '/course') return void page(this.coursePage(url.searchParams))
    response.writeHead(404).end()
  }

  private describe() {
    return {
      issuer: this.url,
      authorization_endpoint: `${this.url}/authorize`,
      token_endpoint: `${this.url}/token`,
      jwks_uri: `${this.url}/keys`,
      registration_endpoint: `${this.url}/register`,
      scopes_supported: [
        'openid',
        'https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly',
        'https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly',
        'https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly',
      ],
      'https://purl.imsglobal.org/spec/lti-platform-configuration': {
        product_family_code: this.options.product ?? 'moodle',
        version: '4.5',
      },
    }
  }

  private register(request: Record<string, unknown>): Record<string, unknown> {
    this.registration = request
    this.clients += 1
    const tool = request['https://purl.imsglobal.org/spec/lti-tool-configuration'] as {
      target_link_uri: string
      custom_parameters?: Record<string, string>
    }
    this.tool = {
      clientId: `client-${this.clients}`,
      deploymentId: String(this.clients),
      loginUrl: String(request['initiate_login_uri']),
      launchUrl: tool.target_link_uri,
      keysUrl: String(request['jwks_uri']),
      custom: tool.custom_parameters ?? {},
    }
    return {
      ...request,
      client_id: this.tool.clientId,
      'https://purl.imsglobal.org/spec/lti-tool-configuration': { ...tool, deployment_id: this.tool.deploymentId },
    }
  }

  private readTool(jwt: string) {
    const tool = this.knownTool()
    return jwtVerify(jwt, createRemoteJWKSet(new URL(tool.keysUrl)), { algorithms: ['RS256'], issuer: tool.clientId })
  }

  /** The scopes that an assertion of the tool is given; undefined when it is none. */
  private async checkAssertion(form: URLSearchParams): Promise<string | undefined> {
    try {
      const { payload } = await this.readTool(form.get('client_assertion') ?? '')
      const isMeant = payload.aud === `${this.url}/token` && payload.sub === this.knownTool().clientId
      if (!isMeant || form.get('grant_type') !== 'client_credentials') return undefined
    } catch {
      return undefined
    }
    const scopes = form.get('scope') ?? ''
    this.tokenScopes.push(scopes)
    return scopes
  }

  private serve(
    url: URL,
    request: IncomingMessage,
    json: (status: number, value: unknown, headers?: Record<string, string>) => void,
  ): void {
    const { authorization = '' } = request.headers
    const needs = (scope: string) => authorization.startsWith('Bearer token ') && authorization.includes(scope)
    const { course, users, grades = [], pageSize = 100 } = this.options
    const base = `/courses/${course.id}`
    if (url.pathname === `${base}/members`) {
      if (!needs('contextmembership.readonly')) return json(401, {})
      const start = Number(url.searchParams.get('start') ?? 0)
      const next =
        start + pageSize < users.length
          ? `${this.url}${base}/members?start=${start + pageSize}&rlid=${url.searchParams.get('rlid') ?? ''}`
          : undefined
      const members = users.slice(start, start + pageSize).map((user) => ({
        status: 'Active',
        user_id: user.id,
        name: user.name,
        email: user.email,
        roles: user.roles,
        ...(url.searchParams.get('rlid') === 'link-1'
          ? { message: [{ [lti('custom')]: this.expand(this.knownTool().custom, user) }] }
          : {}),
      }))
      const headers = next === undefined ? {} : { link: `<${next}>; rel="next"` }
      return json(200, { id: url.href, context: { id: course.id }, members }, headers)
    }
    if (url.pathname === `${base}/lineitems`) {
      if (!needs('lineitem.readonly')) return json(401, {})
      const items = [...new Map(grades.map((each) => [each.lineItem, each])).values()]
      return json(
        200,
        items.map(({ lineItem, label, maximum }) => ({
          id: `${this.url}${base}/lineitems/${lineItem}?type_id=1`,
          label,
          scoreMaximum: maximum,
        })),
      )
    }
    const [, lineItem] = /\/lineitems\/([^/]+)\/results$/.exec(url.pathname) ?? []
    if (lineItem !== undefined) {
      if (!needs('result.readonly')) return json(401, {})
      return json(
        200,
        grades
          .filter((each) => each.lineItem === lineItem)
          .map(({ userId, score, maximum }) => ({
            id: `r-${userId}`,
            userId,
            resultScore: score,
            resultMaximum: maximum,
          })),
      )
    }
    return json(404, {})
  }

  /** A page of a course that frames the tool, as a learning platform does. */
  private coursePage(query: URLSearchParams): string {
    const form = { ...this.announce(query.get('user') ?? '', query.get('hint') ?? 'resource') }
    const { storage = false, course } = this.options
    if (storage) form['lti_storage_target'] = '_parent'
    const fields = Object.entries(form).map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`)
    const target = query.get('target') ?? 'tool'
    const keep = storage
      ? `const kept = {}; addEventListener('message', ({ data, source, origin }) => {
          if (data.subject === 'lti.put_data') kept[origin + data.key] = data.value
          if (data.subject === 'lti.put_data' || data.subject === 'lti.get_data')
            source.postMessage({ subject: data.subject + '.response', message_id: data.message_id, key: data.key, value: kept[origin + data.key] }, origin)
        });`
      : ''
    return `<h1>${course.title}</h1><iframe name="tool" title="Préau" style="width:100%;height:900px;border:0"></iframe>
      <form method="post" action="${this.knownTool().loginUrl}" target="${target}">${fields.join('')}</form>
      <script>${keep} document.forms[0].submit()</script>`
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

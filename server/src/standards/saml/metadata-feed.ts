import { createHash, type Hash, type KeyObject } from 'node:crypto'
import type { SaxesTagNS } from 'saxes'
import { Canonicalizer } from './canonical-xml.ts'
import { readEntity, type SamlEntity } from './metadata.ts'
import { SamlRefused } from './refusal.ts'
import { readTime } from './response.ts'
import { readSignature, type SignaturePlan } from './signature.ts'
import {
  createParser,
  dsig,
  findAttribute,
  metadata as md,
  toElement,
  TreeBuilder,
  type XmlElement,
  XmlRefused,
} from './xml.ts'

/** Metadata that were read whole and verified. */
export interface ReadMetadata {
  /** After it, they open nothing; null when they name no end. */
  validUntil: Date | null
  entities: number
}

interface ReadOptions {
  /** Keys one of which must have signed the whole; undefined when the address they come from is trusted instead. */
  keys: KeyObject[] | undefined
  /** Keeps only this entity, if given. */
  only?: string | undefined
  allowHttp: boolean
  now: Date
  /** Given entities as they are read, before anything is verified: what it does must be undone when this throws. */
  onEntities(entities: SamlEntity[]): Promise<void>
}

/** The largest federation of the world fits several times. */
const longest = 500_000_000
const batchSize = 200
const emptyScope: ReadonlyMap<string, string> = new Map([['xml', 'http://www.w3.org/XML/1998/namespace']])

/**
 * Reads SAML metadata, one entity or a whole federation's aggregate, as they come: one entity in memory at a time. The
 * signature covers the whole and is verified by the last byte (SAML 2.0 Metadata §3).
 * @throws SamlRefused `unsigned`, `signature`, `weak_algorithm`, `expired`; XmlRefused; those of `onEntities`.
 */
export async function readMetadata(chunks: AsyncIterable<Uint8Array>, options: ReadOptions): Promise<ReadMetadata> {
  const reader = new MetadataReader(options)
  const parser = createParser(reader)
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let size = 0
  for await (const chunk of chunks) {
    size += chunk.length
    if (size > longest) throw new XmlRefused('too_deep')
    const text = decoder.decode(chunk, { stream: true })
    // The parser would gather a document type whole before it tells.
    if (!reader.begun && /<!DOCTYPE/i.test(text)) throw new XmlRefused('doctype')
    parser.write(text)
    if (reader.found.length >= batchSize) await options.onEntities(reader.found.splice(0))
  }
  parser.write(decoder.decode())
  parser.close()
  await options.onEntities(reader.found.splice(0))
  return reader.finish()
}

/** What of a reader's element is only canonicalised, kept as a tree, or neither. */
class MetadataReader {
  readonly found: SamlEntity[] = []
  begun = false
  private readonly options: ReadOptions
  /** Namespaces in scope of each open element. */
  private readonly scopes: ReadonlyMap<string, string>[] = []
  private readonly names: string[] = []
  private root: XmlElement | undefined
  private plan: SignaturePlan | undefined
  private hash: Hash | undefined
  private canonicalizer: Canonicalizer | undefined
  /** Text between the root and its signature, which says how both are written. */
  private beforeSignature = ''
  private tree: { builder: TreeBuilder; kind: 'signature' | 'entity' } | undefined
  private count = 0

  constructor(options: ReadOptions) {
    this.options = options
  }

  open(tag: SaxesTagNS): void {
    this.begun = true
    const outer = this.scopes.at(-1) ?? emptyScope
    const element = toElement(tag, outer)
    const depth = this.scopes.length
    this.scopes.push(element.scope)
    this.names.push(element.name)
    if (this.scopes.length > 60) throw new XmlRefused('too_deep')
    if (depth === 0) return this.openRoot(element, tag)
    if (this.tree?.kind === 'signature') return this.tree.builder.open(tag)
    if (depth === 1 && element.uri === dsig && element.local === 'Signature') {
      if (this.plan) throw new SamlRefused('wrapped')
      this.tree = { builder: new TreeBuilder(outer), kind: 'signature' }
      // The entity around it does without: a signature says nothing about the entity.
      return this.tree.builder.open(tag)
    }
    if (this.options.keys && !this.plan) throw new SamlRefused('unsigned')
    this.canonicalizer?.open(element)
    if (this.tree) return this.tree.builder.open(tag)
    if (element.uri === md && element.local === 'EntityDescriptor') {
      this.tree = { builder: new TreeBuilder(outer), kind: 'entity' }
      this.tree.builder.open(tag)
    } else if (this.single) {
      this.single.open(tag)
    }
  }

  text(value: string): void {
    if (this.scopes.length === 0) return
    if (this.tree?.kind === 'signature') return this.tree.builder.text(value)
    if (this.scopes.length === 1 && !this.plan) this.beforeSignature += value
    this.canonicalizer?.text(value)
    this.tree?.builder.text(value)
    this.single?.text(value)
  }

  close(): void {
    this.scopes.pop()
    const name = this.names.pop() ?? ''
    if (this.tree?.kind === 'signature') {
      const signature = this.tree.builder.close()
      if (signature) {
        this.tree = undefined
        this.useSignature(signature)
      }
      return
    }
    this.canonicalizer?.close(name)
    const entity = this.tree ? this.tree.builder.close() : this.single?.close()
    if (!entity) return
    this.tree = undefined
    const read = readEntity(entity, this.options.allowHttp)
    if (!read || (this.options.only !== undefined && read.entityId !== this.options.only)) return
    // An entity may end before the whole that holds it.
    const until = readTime(entity, 'validUntil')
    if (until && until <= this.options.now) return
    this.count += 1
    this.found.push(read)
  }

  /** @throws SamlRefused when what was read cannot be trusted, or is no more. */
  finish(): ReadMetadata {
    if (!this.root) throw new XmlRefused('malformed')
    if (this.options.keys && !this.plan) throw new SamlRefused('unsigned')
    if (this.plan && this.hash && !this.hash.digest().equals(this.plan.digestValue)) throw new SamlRefused('signature')
    const validUntil = readTime(this.root, 'validUntil') ?? null
    if (validUntil && validUntil <= this.options.now) throw new SamlRefused('expired')
    return { validUntil, entities: this.count }
  }

  /** A document that is one entity is its own tree. */
  private single: TreeBuilder | undefined

  private openRoot(element: XmlElement, tag: SaxesTagNS): void {
    const known = element.uri === md && ['EntitiesDescriptor', 'EntityDescriptor'].includes(element.local)
    if (!known) throw new XmlRefused('malformed')
    this.root = element
    if (element.local === 'EntityDescriptor') {
      this.single = new TreeBuilder()
      this.single.open(tag)
    }
  }

  private useSignature(signature: XmlElement): void {
    const { keys } = this.options
    if (!keys || !this.root) return
    this.plan = readSignature(signature, findAttribute(this.root, 'ID'), keys)
    const hash = createHash(this.plan.digest)
    this.hash = hash
    this.canonicalizer = new Canonicalizer((part) => hash.update(part), this.plan.inclusive)
    this.canonicalizer.open(this.root)
    if (this.beforeSignature !== '') this.canonicalizer.text(this.beforeSignature)
  }
}

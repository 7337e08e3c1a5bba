import { type Document, isMap, isScalar, isSeq, type Node, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml'

/**
 * Writes rules changed in a form back into the file they come from: comments, order and writing of all that did not
 * change stay as they are.
 * @param content rules as JSON, valid or not: whoever edits sees what is wrong, and where.
 */
export function rewriteAgreement(source: string, content: unknown): string {
  const document = parseDocument(source)
  if (document.errors.length > 0 || !isMap(document.contents)) return write(parseDocument(''), content)
  const before = document.toString(style)
  merge(document, document.contents, content)
  const after = document.toString(style)
  return after === before ? source : after
}

const style = { lineWidth: 120, singleQuote: true } as const

function write(document: Document, content: unknown): string {
  document.contents = document.createNode(content)
  return document.toString(style)
}

/** Brings a node to a value; what takes its place where it cannot be brought to it. */
function merge(document: Document, node: unknown, value: unknown): Node {
  if (isMap(node) && isRecord(value)) mergeMap(document, node, value)
  else if (isSeq(node) && Array.isArray(value)) mergeList(document, node, value)
  else if (isScalar(node) && (typeof value !== 'object' || value === null)) {
    if (node.value !== value) {
      node.value = value
      delete node.source
    }
  } else return document.createNode(value) as Node
  return node
}

function mergeMap(document: Document, node: YAMLMap, value: Record<string, unknown>): void {
  node.items = node.items.filter(({ key }) => isScalar(key) && value[String(key.value)] !== undefined)
  for (const [name, each] of Object.entries(value)) {
    if (each === undefined) continue
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === name)
    if (pair) pair.value = merge(document, pair.value, each)
    else node.add(document.createPair(name, each))
  }
}

/** Things with a key are followed under it wherever they go; others by their place. */
function mergeList(document: Document, node: YAMLSeq, values: unknown[]): void {
  const known = new Map(node.items.map((item, index) => [readKey(item) ?? `${index}`, item]))
  node.items = values.map((value, index) => {
    const key = isRecord(value) ? (value['key'] ?? value['number']) : undefined
    const item = known.get(typeof key === 'string' ? key : `${index}`)
    return item === undefined ? document.createNode(value) : merge(document, item, value)
  })
}

function readKey(item: unknown): string | undefined {
  if (!isMap(item)) return undefined
  const key = item.get('key') ?? item.get('number')
  return typeof key === 'string' ? key : undefined
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

import { type Document, isMap, isScalar, isSeq, type LineCounter } from 'yaml'
import type { z } from 'zod'
import { formats } from './agreement-schema.ts'

/** Where in the agreement: names of keys and places in lists, from 0. */
export type Path = readonly (string | number)[]

/** One thing wrong with an agreement, before it is known on which line. */
export interface Fault {
  path: Path
  /** Stable: the web says it in the reader's language. */
  code: string
  /** What the words need: keys, names, values as they stand in the file. */
  values: Record<string, string>
  /** In English words, for the command line and those who read the API. */
  reason: string
}

/** One thing wrong with an agreement, where it is in the file. Lines and columns from 1. */
export interface LocatedFault extends Omit<Fault, 'path'> {
  line: number
  column: number
  /** `bodies[2].quorum.article`. */
  path: string
}

/** Puts a fault on its line: that of the value, else of the nearest thing around it that the file has. */
export function locateFault(document: Document.Parsed, lines: LineCounter, fault: Fault): LocatedFault {
  const { line, col } = lines.linePos(findOffset(document, fault))
  return { ...fault, line, column: col, path: describePath(fault.path) }
}

export function describePath(path: Path): string {
  return path
    .map((each) => (typeof each === 'number' ? `[${each}]` : `.${each}`))
    .join('')
    .replace(/^\./, '')
}

function findOffset(document: Document.Parsed, { path, code }: Fault): number {
  let node: unknown = document.contents
  let offset = document.contents?.range?.[0] ?? 0
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
      if (!pair) return offset
      if (isScalar(pair.key) && pair.key.range) offset = pair.key.range[0]
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(step)]
      offset = readOffset(node) ?? offset
    } else return offset
  }
  // The value itself is shown, unless it is the key that is wrong, or the value goes on below it.
  return isScalar(node) && code !== 'unknown_key' ? (readOffset(node) ?? offset) : offset
}

function readOffset(node: unknown): number | undefined {
  return isMap(node) || isSeq(node) || isScalar(node) ? node.range?.[0] : undefined
}

/** What the schema refuses, in words. A value that could be several things is told by the one it resembles most. */
export function describeIssues(issues: readonly z.core.$ZodIssue[], root: unknown, at: Path = []): Fault[] {
  return issues.flatMap((issue) => {
    const path = [...at, ...issue.path.map((each) => (typeof each === 'symbol' ? String(each) : each))]
    return describeIssue(issue, path, root)
  })
}

function describeIssue(issue: z.core.$ZodIssue, path: Path, root: unknown): Fault[] {
  const value = readAt(root, path)
  const got = describeValue(value)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key],
      code: 'unknown_key',
      values: { key },
      reason: `“${key}” is not a rule that is known here.`,
    }))
  }
  if (value === undefined) {
    const key = String(path.at(-1) ?? '')
    return [{ path, code: 'missing', values: { key }, reason: `“${key}” is missing; nothing is assumed for it.` }]
  }
  if (issue.code === 'invalid_union') {
    const closest = issue.errors.toSorted((a, b) => deepest(b) - deepest(a))[0]
    if (closest && deepest(closest) > 0) return describeIssues(closest, root, path)
    const choices = issue.errors
      .flat()
      .flatMap((each) => (each.code === 'invalid_value' ? each.values.map(String) : []))
    return [refuse(path, choices, got)]
  }
  if (issue.code === 'invalid_value') return [refuse(path, issue.values.map(String), got)]
  if (issue.code === 'invalid_type') {
    if (issue.expected === 'string' && typeof value === 'number') {
      return [
        {
          path,
          code: 'unquoted',
          values: { got },
          reason: `${got} must stand between quotes, so that it is kept exactly as written.`,
        },
      ]
    }
    return [
      {
        path,
        code: 'wrong_type',
        values: { expected: issue.expected, got },
        reason: `Expected ${issue.expected}, got ${got}.`,
      },
    ]
  }
  const code = issue.code === 'too_small' || issue.code === 'too_big' ? issue.code : codeOf(issue.message)
  const bound = issue.code === 'too_small' ? issue.minimum : issue.code === 'too_big' ? issue.maximum : ''
  return [{ path, code, values: { got, bound: String(bound) }, reason: `${got}: ${issue.message}.` }]
}

/** What is wrong with a text, by what the schema asks for. */
function codeOf(message: string): string {
  return Object.entries(formats).find(([, words]) => words === message)?.[0] ?? 'not_day'
}

function refuse(path: Path, choices: string[], got: string): Fault {
  return {
    path,
    code: 'not_one_of',
    values: { got, choices: choices.join(', ') },
    reason: `${got} is none of: ${choices.join(', ')}.`,
  }
}

const deepest = (issues: readonly z.core.$ZodIssue[]) =>
  Math.max(0, ...issues.map(({ path, code }) => path.length + (code === 'unrecognized_keys' ? 1 : 0)))

function readAt(root: unknown, path: Path): unknown {
  let value = root
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = Object.entries(value).find(([key]) => key === String(step))?.[1]
  }
  return value
}

function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'list'
  if (typeof value === 'object') return 'object'
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

/** What the HTTP front of the embedded ClickHouse must know of a statement before it hands it to the engine. */
export interface Statement {
  /** First word, in capitals. Empty for no statement at all. */
  verb: string
  /** The words outside of any parenthesis, in capitals. */
  words: ReadonlySet<string>
  /** Names of the typed parameters: `{name:Type}`. */
  parameters: ReadonlySet<string>
  /** Name of the output format asked for by `FORMAT`, as written. */
  format: string | undefined
  /** Where a second statement begins, in characters; several statements in one request are refused. */
  secondAt: number | undefined
  /** Set for `INSERT INTO table (columns) SETTINGS … FORMAT name` and nothing else: the rows come apart. */
  load: Load | undefined
}

export interface Load {
  /** `table` or `database.table`, unquoted. */
  table: string
  columns: string[] | undefined
  /** The assignments of the SETTINGS clause, as written. */
  settings: string | undefined
  format: string
}

export interface Token {
  kind: 'word' | 'identifier' | 'literal' | 'symbol'
  /** Unquoted for an identifier. */
  text: string
  start: number
  end: number
}

// ClickHouse's lexer: comments (`--`, `#!`, `# `, nested nowhere), strings with backslashes or doubled quotes, quoted
// identifiers, heredocs, words, numbers, and single characters for the rest. An open quote runs to the end.
const lexeme =
  /\s+|--[^\n]*|#[! ][^\n]*|\/\*[^]*?(?:\*\/|$)|(?<literal>'[^'\\]*(?:(?:\\[^]|'')[^'\\]*)*(?:'|$)|\$(?<tag>\w*)\$[^]*?\$\k<tag>\$|\d[\w.]*)|(?<identifier>`[^`\\]*(?:(?:\\[^]|``)[^`\\]*)*(?:`|$)|"[^"\\]*(?:(?:\\[^]|"")[^"\\]*)*(?:"|$))|(?<word>[A-Za-z_]\w*)|(?<symbol>[^])/gy

/** The words, names, literals and symbols of a statement, without spaces and comments. */
export function* tokenize(sql: string): Generator<Token> {
  for (const match of sql.matchAll(lexeme)) {
    const { literal, identifier, word, symbol } = match.groups ?? {}
    const start = match.index
    const end = start + match[0].length
    if (word !== undefined) yield { kind: 'word', text: word, start, end }
    else if (symbol !== undefined) yield { kind: 'symbol', text: symbol, start, end }
    else if (literal !== undefined) yield { kind: 'literal', text: literal, start, end }
    else if (identifier !== undefined) yield { kind: 'identifier', text: unquote(identifier), start, end }
  }
}

function unquote(identifier: string): string {
  return identifier
    .slice(1, -1)
    .replaceAll(/\\([^])|(``|"")/g, (_, escaped?: string, doubled?: string) => escaped ?? doubled?.[0] ?? '')
}

/** Reads a statement, up to the rows written in it if it is an `INSERT … VALUES` or `INSERT … FORMAT` with data. */
export function readStatement(sql: string): Statement {
  const tokens: Token[] = []
  const words = new Set<string>()
  const parameters = new Set<string>()
  let format: string | undefined
  let secondAt: number | undefined
  let ended = false
  let depth = 0
  for (const token of tokenize(sql)) {
    if (ended) {
      if (token.text === ';') continue
      secondAt = token.start
      break
    }
    const before = tokens.at(-1)
    if (token.kind === 'symbol') {
      if (token.text === ';') {
        ended = true
        continue
      }
      if ('([{'.includes(token.text)) depth++
      else if (')]}'.includes(token.text)) depth--
      else if (token.text === ':' && before?.kind === 'word' && tokens.at(-2)?.text === '{') parameters.add(before.text)
    } else if (token.kind === 'word' && depth === 0) {
      const word = token.text.toUpperCase()
      words.add(word)
      const inserts = tokens[0]?.text.toUpperCase() === 'INSERT'
      if (before?.kind === 'word' && before.text.toUpperCase() === 'FORMAT') {
        format = token.text
        tokens.push(token)
        // What follows the format of an INSERT is data, in any shape: an apostrophe there opens no string.
        if (inserts) break
        continue
      }
      if (word === 'VALUES' && inserts) break
    }
    tokens.push(token)
  }
  const verb = tokens[0]?.kind === 'word' ? tokens[0].text.toUpperCase() : ''
  return { verb, words, parameters, format, secondAt, load: readLoad(sql, tokens) }
}

// What chDB takes for a table or a column of rows handed apart.
const plainName = /^\w+$/

function readLoad(sql: string, tokens: readonly Token[]): Load | undefined {
  let at = 0
  const takeWord = (word: string) => tokens[at]?.kind === 'word' && tokens[at]?.text.toUpperCase() === word && ++at > 0
  const takeSymbol = (symbol: string) => tokens[at]?.kind === 'symbol' && tokens[at]?.text === symbol && ++at > 0
  const takeName = () => {
    const token = tokens[at]
    if ((token?.kind !== 'word' && token?.kind !== 'identifier') || !plainName.test(token.text)) return undefined
    at++
    return token.text
  }

  if (!takeWord('INSERT')) return undefined
  takeWord('INTO')
  if (takeWord('FUNCTION')) return undefined
  takeWord('TABLE')
  const first = takeName()
  const second = takeSymbol('.') ? takeName() : undefined
  if (first === undefined) return undefined
  let columns: string[] | undefined
  if (takeSymbol('(')) {
    columns = []
    do {
      const column = takeName()
      if (column === undefined) return undefined
      columns.push(column)
    } while (takeSymbol(','))
    if (!takeSymbol(')')) return undefined
  }
  const last = tokens.at(-1)
  const formatAt = tokens.length - 2
  if (last?.kind !== 'word' || tokens[formatAt]?.text.toUpperCase() !== 'FORMAT') return undefined
  // Rows written in the statement itself are the engine's to read.
  if (sql.slice(last.end).replace(/;\s*$/, '').trim() !== '') return undefined
  let settings: string | undefined
  if (at < formatAt) {
    if (!takeWord('SETTINGS')) return undefined
    settings = sql.slice(tokens[at]?.start, tokens[formatAt - 1]?.end)
  }
  return { table: second === undefined ? first : `${first}.${second}`, columns, settings, format: last.text }
}

/** A string as ClickHouse reads it back, whatever it holds. */
export function quoteString(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`
}

/** A name as ClickHouse reads it back, whatever it holds. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll(/[\\`]/g, '\\$&')}\``
}

import { type Token, tokenize } from '#kernel/clickhouse-statement'
import { isFunctionAllowed } from './sql-functions.ts'

/** What an indicator's SQL may speak of. */
export interface Surroundings {
  /** Tables that stand for the learner's traces, already limited to what the asker may see. */
  relations: readonly string[]
  /** Types of the parameters, by name: `{from:Date}`. */
  parameters: ReadonlyMap<string, string>
}

/** Why an indicator's SQL is refused, and on which line. */
export class SqlRefused extends Error {
  override readonly name = 'SqlRefused'
  readonly line: number

  constructor(line: number, reason: string) {
    super(reason)
    this.line = line
  }
}

// These begin a clause: what follows decides what a comma means. As a name they would mislead this reader, so that they
// are refused everywhere else.
const structural = new Set(
  'SELECT FROM WHERE GROUP HAVING ORDER LIMIT OFFSET WINDOW QUALIFY JOIN ON USING WITH IN'.split(' '),
)
const forbidden = new Set(
  `ALTER APPLY ATTACH BACKUP CHECK CREATE DELETE DESCRIBE DETACH DROP EXCHANGE EXECUTE EXPLAIN FINAL FORMAT GLOBAL GRANT
  INFILE INSERT INTO KILL MATERIALIZED MOVE OPTIMIZE OUTFILE PARALLEL PREWHERE RECURSIVE RENAME RESTORE REVOKE SAMPLE SET
  SETTINGS SHOW SYSTEM TRUNCATE UNDROP UPDATE USE VALUES WATCH`.split(/\s+/),
)
// Words that may stand before a parenthesis without being the name of a function.
const beforeParenthesis = new Set(
  `AND OR NOT XOR IN AS WHEN THEN ELSE CASE END BETWEEN LIKE ILIKE BY ON USING WHERE HAVING SELECT DISTINCT INTERVAL
  EXISTS ALL ANY UNION EXCEPT INTERSECT OVER LIMIT OFFSET QUALIFY CUBE ROLLUP SETS TOTALS FILTER DIV MOD IS TO STEP FROM JOIN
  REPLACE INTERPOLATE DECIMAL NULLABLE ARRAY DATETIME64 DATETIME TUPLE LOWCARDINALITY FIXEDSTRING MAP`.split(/\s+/),
)
const number = /^(\d+(\.\d*)?([eE]\d*)?|0[xX][0-9a-fA-F]+)$/

interface Frame {
  kind: 'query' | 'expression' | 'members'
  closing: string
  outer: Frame | undefined
  /** Names given by WITH, known once their parenthesis is closed. */
  relations: Set<string>
  state: 'with' | 'expression' | 'table' | 'tables' | 'order'
  /** The name that this parenthesis gets in the WITH around it. */
  named: string | undefined
  /** Whether it stands for a table of the query around it. */
  isTable: boolean
}

/**
 * Reads one SELECT of an indicator, and refuses whatever is not surely harmless: any table but those given and its own
 * WITH names, table functions, functions out of the list, other statements, settings, formats. It need not understand all
 * of ClickHouse's grammar, only refuse where it might understand otherwise than the engine does.
 * @returns the statement without its last semicolon, fit to stand between parentheses.
 * @throws SqlRefused
 */
export function checkSelect(sql: string, surroundings: Surroundings): string {
  const tokens = [...tokenize(sql)]
  const last = tokens.at(-1)
  const end = last?.text === ';' ? last.start : sql.length
  if (last?.text === ';') tokens.pop()
  new Reader(sql, tokens, surroundings).read()
  return sql.slice(0, end)
}

class Reader {
  readonly #sql: string
  readonly #tokens: Token[]
  readonly #surroundings: Surroundings
  #at = 0
  #frame: Frame

  constructor(sql: string, tokens: Token[], surroundings: Surroundings) {
    this.#sql = sql
    this.#tokens = tokens
    this.#surroundings = surroundings
    this.#frame = newFrame('query', '', undefined)
    for (const relation of surroundings.relations) this.#frame.relations.add(relation)
  }

  read(): void {
    const first = this.#word(0)
    if (first !== 'SELECT' && first !== 'WITH') this.#refuse('it begins with neither SELECT nor WITH')
    for (; this.#at < this.#tokens.length; this.#at++) {
      const token = this.#tokens[this.#at]!
      if (token.kind === 'literal') this.#readLiteral(token)
      else if (token.kind === 'symbol') this.#readSymbol(token)
      else this.#readName(token)
    }
    if (this.#frame.outer !== undefined) this.#refuse('a parenthesis is not closed')
    if (this.#frame.state === 'table') this.#refuse('a table is missing')
  }

  #refuse(reason: string): never {
    const token = this.#tokens[Math.min(this.#at, this.#tokens.length - 1)]
    const line = this.#sql.slice(0, token?.start ?? 0).split('\n').length
    throw new SqlRefused(line, reason)
  }

  /** The unquoted word some places away, in capitals. */
  #word(away: number): string | undefined {
    const token = this.#tokens[this.#at + away]
    return token?.kind === 'word' ? token.text.toUpperCase() : undefined
  }

  #symbol(away: number): string | undefined {
    const token = this.#tokens[this.#at + away]
    return token?.kind === 'symbol' ? token.text : undefined
  }

  #readLiteral({ text }: Token): void {
    if (this.#frame.state === 'table') this.#refuse('a table is missing')
    if (text.startsWith('$')) this.#refuse('a heredoc ($$) is not taken; write a string')
    if (text.startsWith("'")) {
      if (text.length < 2 || !text.endsWith("'")) this.#refuse('a string is not closed')
    } else if (!number.test(text)) this.#refuse(`${text} is no number`)
  }

  #readSymbol({ text }: Token): void {
    const frame = this.#frame
    if (frame.state === 'table' && text !== '(') this.#refuse('a table is missing')
    switch (text) {
      case '(':
        return this.#open()
      case '[':
        this.#frame = newFrame(frame.kind === 'members' ? 'members' : 'expression', ']', frame)
        return
      case ')':
      case ']':
        return this.#close(text)
      case '{':
        return this.#readParameter()
      case ',':
        if (frame.kind === 'query' && frame.state === 'tables') frame.state = 'table'
        return
      default:
        if (!/^[-+*/%=<>!|.:]$/.test(text)) this.#refuse(`${text} is not taken here`)
    }
  }

  #open(): void {
    const frame = this.#frame
    const isQuery = this.#word(1) === 'SELECT' || this.#word(1) === 'WITH'
    if (frame.state === 'table' && !isQuery)
      this.#refuse('a table, or SELECT in parentheses, is missing after FROM or JOIN')
    const before = this.#word(-1)
    const isMembers = frame.kind === 'members' || before === 'IN'
    const opened = newFrame(isQuery ? 'query' : isMembers ? 'members' : 'expression', ')', frame)
    if (isQuery) {
      opened.isTable = frame.state === 'table'
      const name = this.#tokens[this.#at - 2]
      if (before === 'AS' && frame.kind === 'query' && frame.state === 'with' && name) {
        opened.named = name.text
        if (this.#findRelation(name.text)) this.#refuse(`${name.text} is the name of a table already`)
        // The tables of the store are named so.
        if (/_v\d+$|^preau_/i.test(name.text)) this.#refuse(`${name.text} cannot be the name of a WITH`)
      }
    }
    this.#frame = opened
  }

  #close(text: string): void {
    const { closing, outer, named, isTable } = this.#frame
    if (outer === undefined || closing !== text) this.#refuse(`${text} closes nothing`)
    if (named !== undefined) outer.relations.add(named)
    if (isTable) outer.state = 'tables'
    this.#frame = outer
  }

  /** `{name:Type}`, as given and no other. */
  #readParameter(): void {
    const name = this.#tokens[this.#at + 1]
    let length = 2
    while (length < 12 && this.#symbol(length) !== '}') length++
    const closing = this.#tokens[this.#at + length]
    const type =
      this.#symbol(2) === ':' && closing ? this.#sql.slice(this.#tokens[this.#at + 2]!.end, closing.start) : ''
    const known = name?.kind === 'word' ? this.#surroundings.parameters.get(name.text) : undefined
    if (known === undefined) this.#refuse(`{${name?.text ?? ''}…} is no parameter`)
    if (known !== type.replaceAll(/\s/g, '')) this.#refuse(`the parameter is written {${name?.text}:${known}}`)
    this.#at += length
  }

  #readName(token: Token): void {
    if (!/^[A-Za-z_]\w*$/.test(token.text)) this.#refuse(`the name ${JSON.stringify(token.text)} is not taken`)
    const frame = this.#frame
    const word = this.#word(0)
    if (word !== undefined && forbidden.has(word)) this.#refuse(`${word} is not taken in an indicator`)
    if (frame.state === 'table') return this.#readTable(token)
    if (word !== undefined && structural.has(word)) return this.#readClause(word)
    const follows = this.#symbol(1) === '('
    if (follows && !(word !== undefined && beforeParenthesis.has(word)) && !isFunctionAllowed(token.text))
      this.#refuse(`the function ${token.text} is not among those an indicator may call`)
    if (word === 'EXISTS' && this.#word(2) !== 'SELECT' && this.#word(2) !== 'WITH')
      this.#refuse('EXISTS takes a SELECT in parentheses')
    // A name alone after IN may be a table's: among members there are none.
    if (frame.kind === 'members' && !follows && !['NULL', 'TRUE', 'FALSE'].includes(word ?? ''))
      this.#refuse(`between the parentheses of IN there are values, not ${token.text}`)
  }

  #readTable({ text }: Token): void {
    if (this.#symbol(1) === '(') this.#refuse(`the table function ${text} is not taken`)
    if (this.#symbol(1) === '.' || !this.#findRelation(text)) {
      const names = this.#surroundings.relations.join(', ')
      this.#refuse(`the table ${text} is out of reach; there are ${names}, and the names of your own WITH`)
    }
    this.#frame.state = 'tables'
  }

  #readClause(word: string): void {
    const frame = this.#frame
    const before = this.#word(-1)
    const after = this.#symbol(1)
    if (this.#at > 0) {
      const symbol = this.#symbol(-1)
      if (before === 'AS' || (before !== undefined && structural.has(before)) || /^[-+/%=<>!|.:]$/.test(symbol ?? ''))
        this.#refuse(`${word} is not taken here`)
    }
    const isLast = this.#at === this.#tokens.length - 1
    if (isLast || after === ',' || after === ')' || after === ']' || after === '.')
      this.#refuse(`something is missing after ${word}`)
    if (word === 'IN') return this.#readIn()
    if (frame.kind !== 'query') {
      // A window and a filter have an order and a condition of their own; nothing else of a query is there.
      if (word !== 'ORDER' && word !== 'WHERE') this.#refuse(`${word} is not taken between these parentheses`)
      return
    }
    switch (word) {
      case 'FROM':
        if (frame.state === 'order' && before === 'FILL' && this.#word(-2) === 'WITH') return
        if (frame.state !== 'expression') this.#refuse('FROM is not taken here')
        frame.state = 'table'
        return
      case 'JOIN':
        if (frame.state !== 'tables') this.#refuse('JOIN is not taken here')
        if (before !== 'ARRAY') frame.state = 'table'
        else if (this.#word(-2) === 'AS') this.#refuse('ARRAY is no name')
        // The commas of an ARRAY JOIN are between expressions; whether a table may follow them is not looked into.
        else if (this.#listsMore()) this.#refuse('ARRAY JOIN takes one array; use arrayZip for several')
        return
      case 'USING':
        if (after !== '(') this.#refuse('USING takes its columns in parentheses')
        return
      case 'ON':
        return
      case 'WITH':
        // WITH FILL, WITH TIES, WITH TOTALS: of a clause, not of names.
        if (this.#at === 0 || this.#symbol(-1) === '(') frame.state = 'with'
        else if (!['FILL', 'TIES', 'TOTALS', 'ROLLUP', 'CUBE'].includes(this.#word(1) ?? ''))
          this.#refuse('WITH is not taken here')
        return
      case 'ORDER':
        if (this.#word(1) !== 'BY') this.#refuse('BY is missing after ORDER')
        frame.state = 'order'
        return
      case 'SELECT': {
        const starts = this.#at === 0 || this.#symbol(-1) === '(' || frame.state === 'with'
        if (!starts && !['ALL', 'DISTINCT', 'EXCEPT', 'INTERSECT'].includes(before ?? ''))
          this.#refuse('SELECT is not taken here')
        frame.state = 'expression'
        return
      }
      default:
        frame.state = 'expression'
    }
  }

  /** Whether a comma comes before the clause of an ARRAY JOIN ends. */
  #listsMore(): boolean {
    for (let away = 1, depth = 0; this.#tokens[this.#at + away]; away++) {
      const symbol = this.#symbol(away)
      if (symbol === '(' || symbol === '[') depth++
      else if (symbol === ')' || symbol === ']') {
        if (depth-- === 0) return false
      } else if (symbol === ',' && depth === 0) return true
      else if (depth === 0 && structural.has(this.#word(away) ?? '')) return false
    }
    return false
  }

  #readIn(): void {
    const next = this.#tokens[this.#at + 1]
    if (next?.kind !== 'word' && next?.kind !== 'identifier') return
    if (this.#symbol(2) === '(') return
    if (this.#symbol(2) === '.' || !this.#findRelation(next.text))
      this.#refuse(`IN ${next.text}: the table is out of reach`)
  }

  #findRelation(name: string): boolean {
    for (let frame: Frame | undefined = this.#frame; frame; frame = frame.outer) {
      if (frame.relations.has(name)) return true
    }
    return false
  }
}

function newFrame(kind: Frame['kind'], closing: string, outer: Frame | undefined): Frame {
  return { kind, closing, outer, relations: new Set(), state: 'expression', named: undefined, isTable: false }
}

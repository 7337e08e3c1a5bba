/** How the values of a column are written. */
export type ValueFormat = 'integer' | 'number' | 'share' | 'duration' | 'date' | 'moment' | 'text'

export interface ChartColumn {
  title: string
  format: ValueFormat
  /** Another field of the rows, which holds the value as it is written in a sentence: for what one points at. */
  told?: string
}

type Json = Record<string, unknown>

/** What a chart is drawn from, and for. */
export interface ChartPage {
  columns: Record<string, ChartColumn>
  rows: object[]
  width: number
  language: string
  days?: [string, string] | undefined
}

interface Page {
  columns: Record<string, ChartColumn>
  language: string
  narrow: boolean
  /** Moments (ISO 8601), the end not within. */
  days: [string, string] | undefined
}

/** Under this width, in pixels, names stand above their bars, and small multiples one under the other. */
const narrowest = 480

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * A Vega-Lite specification made whole: its rows, its size, and for each column it shows the title and the format of the
 * column, where the specification says nothing else.
 * @param width of the page, in pixels.
 * @param days first and last day (`YYYY-MM-DD`) of the time that is shown, whatever days have rows; days of rows when absent.
 */
export function completeSpec(spec: object, page: ChartPage): object {
  const { columns, rows, width, language, days } = page
  const context = { columns, language, narrow: width < narrowest, days: days && toSpan(days) }
  const whole = addTooltip(completeUnit(spec as Json, context) as Json, columns)
  const parts = whole['facet'] ?? whole['hconcat'] ?? whole['vconcat'] ?? whole['concat'] ?? whole['repeat']
  const sized = parts === undefined ? sizeUnit(whole, width) : sizeParts(whole, width)
  return { ...sized, data: { name: 'rows' }, datasets: { rows } }
}

const day = 86_400_000
// As texts: Vega-Lite takes numbers of a time scale for years.
const toSpan = ([from, until]: [string, string]): [string, string] => [
  new Date(Date.parse(from)).toISOString(),
  new Date(Date.parse(until) + day).toISOString(),
]

// Transforms after which a row is no row of the data any more.
const remaking = ['aggregate', 'flatten', 'pivot', 'density', 'regression', 'loess', 'quantile']

/** What one points at tells all of its row, as the table does; unless the specification says what it tells. */
function addTooltip(spec: Json, columns: Record<string, ChartColumn>): Json {
  if (isObject(spec['spec'])) return { ...spec, spec: addTooltip(spec['spec'], columns) }
  const pieces = spec['vconcat']
  if (Array.isArray(pieces)) {
    return { ...spec, vconcat: pieces.map((piece) => (isObject(piece) ? addTooltip(piece, columns) : piece)) }
  }
  const encoding = isObject(spec['encoding']) ? spec['encoding'] : undefined
  const told = Object.values(columns).flatMap(({ title, told: field }) =>
    field === undefined ? [] : [{ field, title, type: 'nominal' }],
  )
  const isRemade =
    [spec['transform']].flat().some((each) => isObject(each) && remaking.some((name) => name in each)) ||
    /"(aggregate|bin|timeUnit)":/.test(JSON.stringify([spec['encoding'], spec['layer']]))
  if (!encoding || 'tooltip' in encoding || told.length === 0 || isRemade) return spec
  return { ...spec, encoding: { ...encoding, tooltip: told } }
}

/** Beside its axis a chart of one piece takes all the width. */
function sizeUnit(spec: Json, width: number): Json {
  const encoding = isObject(spec['encoding']) ? spec['encoding'] : {}
  const row = isObject(encoding['row']) || isObject(encoding['facet']) || isObject(encoding['column'])
  // Small multiples by encoding: the width is of each of them.
  if (row) return { ...spec, width: cellWidth(spec, width) }
  return {
    height: heightOf(spec, width < narrowest, 220),
    ...spec,
    width,
    autosize: { type: 'fit-x', contains: 'padding' },
  }
}

function sizeParts(spec: Json, width: number): Json {
  const child = cellWidth(spec, width)
  const columns = columnsOf(spec, width)
  const resize = (part: unknown) => {
    if (!isObject(part)) return part
    return { height: heightOf(part, width < narrowest, 140), ...part, width: child }
  }
  return {
    ...spec,
    ...(isObject(spec['spec']) ? { spec: resize(spec['spec']) } : {}),
    ...(spec['columns'] === undefined ? {} : { columns }),
    ...Object.fromEntries(
      ['hconcat', 'vconcat', 'concat'].flatMap((name) =>
        Array.isArray(spec[name])
          ? [[width < narrowest && name === 'hconcat' ? 'vconcat' : name, (spec[name] as unknown[]).map(resize)]]
          : [],
      ),
    ),
    ...(width < narrowest && spec['hconcat'] !== undefined ? { hconcat: undefined } : {}),
  }
}

const columnsOf = (spec: Json, width: number) =>
  Math.min(Number(spec['columns'] ?? 3), width < narrowest ? 1 : width < 720 ? 2 : 6)

/** A row for each name; else so many pixels. */
function heightOf(unit: Json, narrow: boolean, otherwise: number): unknown {
  const discrete = isObject(unit['encoding']) && isDiscrete(unit['encoding']['y'])
  return discrete ? { step: narrow && hasBars(unit) ? nameStep : 30 } : otherwise
}

/** What is left to one of several pieces, once the axes and the gaps have theirs. */
function cellWidth(spec: Json, width: number): number {
  const count =
    spec['columns'] !== undefined
      ? columnsOf(spec, width)
      : Array.isArray(spec['hconcat']) && width >= narrowest
        ? spec['hconcat'].length
        : 1
  const piece = isObject(spec['spec']) ? spec['spec'] : spec
  const encoding = isObject(piece['encoding']) ? piece['encoding'] : {}
  const above = width < narrowest && hasBars(piece)
  const axis = isDiscrete(encoding['y']) ? (above ? 36 : Math.min(200, width * 0.4)) : 56
  return Math.max(80, Math.floor((width - axis * count - 20 * (count - 1)) / count))
}

const isDiscrete = (channel: unknown) =>
  isObject(channel) && (channel['type'] === 'nominal' || channel['type'] === 'ordinal')

/** A value of the column that charts are compared by, and the first and last day (`YYYY-MM-DD`) its chart shows. */
export interface ComparedPart {
  value: string
  days: [string, string]
}

/**
 * The same chart once for each value of a column, one under the other, of the same scale; those over days show all of
 * their own, whatever days have rows.
 * @returns undefined for a chart that is several already.
 */
export function compareSpec(spec: object, column: string, parts: ComparedPart[]): object | undefined {
  const { $schema: _, data: __, ...unit } = spec as Json
  const encoding = isObject(unit['encoding']) ? unit['encoding'] : {}
  const several = ['facet', 'row', 'column'].some((channel) => encoding[channel] !== undefined)
  if (several || !('mark' in unit || 'layer' in unit)) return undefined
  const { x, y } = encoding
  if (isObject(x) && x['type'] === 'temporal') {
    const only = (value: string) => [{ filter: { field: column, equal: value } }, unit['transform'] ?? []].flat()
    return {
      vconcat: parts.map(({ value, days }) => ({
        ...unit,
        title: { text: value, offset: 8 },
        transform: only(value),
        encoding: { ...encoding, x: showDays(x, toSpan(days)) },
      })),
      resolve: { scale: { y: 'shared' } },
    }
  }
  const transform = [unit['transform'] ?? []].flat().map((each) => groupBy(each, column))
  const upright = isObject(y) && y['type'] === 'quantitative'
  return {
    // The title of an upright axis stands between the header and the chart.
    facet: { field: column, type: 'nominal', sort: null, title: null, header: { labelPadding: upright ? 30 : 8 } },
    columns: 1,
    spec: { ...unit, transform },
  }
}

/** What is ranked or summed up is so within each value of a column. */
function groupBy(transform: unknown, column: string): unknown {
  const sums = isObject(transform) && ['window', 'joinaggregate', 'aggregate'].some((name) => name in transform)
  return sums ? { ...transform, groupby: [column, ...[transform['groupby'] ?? []].flat()] } : transform
}

function completeUnit(spec: unknown, page: Page): unknown {
  if (Array.isArray(spec)) return spec.map((part) => completeUnit(part, page))
  if (!isObject(spec)) return spec
  const done: Json = { ...spec }
  for (const part of ['layer', 'spec', 'hconcat', 'vconcat', 'concat']) {
    if (done[part] !== undefined) done[part] = completeUnit(done[part], page)
  }
  const encoding = isObject(done['encoding']) ? done['encoding'] : {}
  // A bar over some days stands on its axis; Vega-Lite would lay it.
  if (encoding['x2'] !== undefined && encoding['y'] !== undefined && encoding['y2'] === undefined) {
    if (typeof done['mark'] === 'string') done['mark'] = { type: done['mark'] }
    if (isObject(done['mark']) && done['mark']['type'] === 'bar') {
      done['mark'] = { orient: 'vertical', ...done['mark'] }
    }
  }
  const barred = page.narrow && hasBars(spec) && isDiscrete(encoding['y'])
  const above = (definition: unknown) => (barred && definition !== encoding['x'] ? namesAbove(definition) : definition)
  const labelled = Array.isArray(spec['layer']) ? listLabelled(spec['layer']) : []
  if (isObject(done['encoding'])) {
    done['encoding'] = Object.fromEntries(
      Object.entries(done['encoding']).map(([channel, definition]) => [
        channel,
        Array.isArray(definition)
          ? definition.map((each) => completeChannel(channel, each, page))
          : withoutScale(channel, above(completeChannel(channel, definition, page)), labelled),
      ]),
    )
  }
  return done
}

const isBar = (mark: unknown) => mark === 'bar' || (isObject(mark) && mark['type'] === 'bar')
const hasBars = (spec: Json): boolean =>
  isBar(spec['mark']) || [spec['layer'] ?? []].flat().some((layer) => isObject(layer) && isBar(layer['mark']))

/** On a narrow page a long name leaves no room to its bar: it goes above. */
const nameStep = 44
function namesAbove(definition: unknown): unknown {
  if (!isDiscrete(definition) || !isObject(definition)) return definition
  const place = { labelAlign: 'left', labelPadding: 0, labelOffset: -19, labelLimit: 400, domain: false }
  return {
    ...definition,
    scale: { ...(isObject(definition['scale']) ? definition['scale'] : {}), paddingInner: 0.58, paddingOuter: 0.4 },
    axis:
      definition['axis'] === null ? null : { ...(isObject(definition['axis']) ? definition['axis'] : {}), ...place },
  }
}

/** Columns whose values are written beside their marks. */
function listLabelled(layers: unknown[]): unknown[] {
  return layers.flatMap((layer) => {
    const encoding = isObject(layer) && isObject(layer['encoding']) ? layer['encoding'] : {}
    return isObject(encoding['text']) ? [encoding['text']['field']] : []
  })
}

/** Where each value is written, its axis needs no figures. */
function withoutScale(channel: string, definition: unknown, labelled: unknown[]): unknown {
  if (!isObject(definition) || definition['type'] !== 'quantitative' || !labelled.includes(definition['field']))
    return definition
  const quiet = { labels: false, ticks: false, grid: false, domain: false }
  // The title leaves room for the figure on the highest bar.
  const room = channel === 'y' ? { titleY: -22 } : {}
  return { ...definition, axis: { ...(isObject(definition['axis']) ? definition['axis'] : {}), ...quiet, ...room } }
}

function completeChannel(channel: string, given: unknown, { columns, language, days, narrow }: Page): unknown {
  if (!isObject(given) || typeof given['field'] !== 'string') return given
  const definition = channel === 'x' ? nameWeeks(days ? showDays(given, days) : given, narrow) : given
  const column = columns[given['field']]
  if (!column) return definition
  const titled = { title: column.title, ...definition }
  const written = writeAs(column.format, language)
  if (channel === 'x' || channel === 'y') {
    if (definition['axis'] === null) return titled
    // What is written along an axis of days, or of names, says by itself what it is.
    const silent = column.format === 'date' || column.format === 'moment' || column.format === 'text'
    const axis = {
      ...(silent ? { title: null } : {}),
      ...(definition['bin'] ? {} : written),
      ...counted(column.format),
    }
    return { ...titled, axis: { ...axis, ...(isObject(definition['axis']) ? definition['axis'] : {}) } }
  }
  if (channel === 'tooltip' || channel === 'text') return { ...written, ...titled }
  if (channel === 'color' || channel === 'size' || channel === 'opacity') {
    if (definition['legend'] === null) return titled
    return { ...titled, legend: { ...written, ...(isObject(definition['legend']) ? definition['legend'] : {}) } }
  }
  return titled
}

/** All of the time asked for, so that charts of one page share it and a single bar is no wall. */
function showDays(definition: Json, days: [string, string]): Json {
  const scale = isObject(definition['scale']) ? definition['scale'] : {}
  if (definition['type'] !== 'temporal' || scale['domain'] !== undefined || definition['timeUnit'] !== undefined)
    return definition
  return { ...definition, scale: { domain: days, ...scale } }
}

/** What is written along an axis of time names Mondays, or days when they are few: Vega's weeks begin on Sundays. */
function nameWeeks(definition: Json, narrow: boolean): Json {
  const { scale, axis } = definition
  const domain = isObject(scale) && Array.isArray(scale['domain']) ? scale['domain'].map(String) : []
  const [from, end] = domain.map((moment) => Date.parse(moment))
  const isSet = axis === null || (isObject(axis) && (axis['values'] !== undefined || axis['tickCount'] !== undefined))
  if (definition['type'] !== 'temporal' || isSet || from === undefined || end === undefined) return definition
  const monday = from + ((8 - new Date(from).getUTCDay()) % 7) * day
  const [first, unit] = end - monday > 7 * day ? [monday, 7 * day] : [from, day]
  const count = Math.ceil((end - first) / unit)
  if (!(count > 0)) return definition
  const step = Math.ceil(count / (narrow ? 3 : 7))
  const values = Array.from({ length: Math.ceil(count / step) }, (_, at) =>
    new Date(first + at * step * unit).toISOString(),
  )
  return { ...definition, axis: { ...(isObject(axis) ? axis : {}), values } }
}

/** Nobody is half present. */
const counted = (format: ValueFormat) => (format === 'integer' ? { tickMinStep: 1 } : {})

function writeAs(format: ValueFormat, language: string): Json {
  switch (format) {
    case 'integer':
      return { format: ',d' }
    case 'share':
      return { format: '.0%' }
    case 'duration':
      return { formatType: 'duration', format: language }
    case 'number':
    case 'date':
    case 'moment':
    case 'text':
      return {}
  }
}

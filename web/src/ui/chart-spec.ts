/** How the values of a column are written. */
export type ValueFormat = 'integer' | 'number' | 'share' | 'duration' | 'date' | 'moment' | 'text'

export interface ChartColumn {
  title: string
  format: ValueFormat
}

type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * A Vega-Lite specification made whole: its rows, its size, and for each column it shows the title and the format of the
 * column, where the specification says nothing else.
 * @param width of the page, in pixels.
 */
export function completeSpec(
  spec: object,
  {
    columns,
    rows,
    width,
    language,
  }: { columns: Record<string, ChartColumn>; rows: object[]; width: number; language: string },
): object {
  const whole = completeUnit(spec as Json, columns, language) as Json
  const parts = whole['facet'] ?? whole['hconcat'] ?? whole['vconcat'] ?? whole['concat'] ?? whole['repeat']
  const sized = parts === undefined ? sizeUnit(whole, width) : sizeParts(whole, width)
  return { ...sized, data: { name: 'rows' }, datasets: { rows } }
}

/** Beside its axis a chart of one piece takes all the width. */
function sizeUnit(spec: Json, width: number): Json {
  const encoding = isObject(spec['encoding']) ? spec['encoding'] : {}
  const row = isObject(encoding['row']) || isObject(encoding['facet']) || isObject(encoding['column'])
  // Small multiples by encoding: the width is of each of them.
  if (row) return { ...spec, width: cellWidth(spec, width) }
  return {
    height: isDiscrete(encoding['y']) ? { step: 30 } : 220,
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
    const discrete = isObject(part['encoding']) && isDiscrete(part['encoding']['y'])
    return { height: discrete ? { step: 30 } : 140, ...part, width: child }
  }
  return {
    ...spec,
    ...(isObject(spec['spec']) ? { spec: resize(spec['spec']) } : {}),
    ...(spec['columns'] === undefined ? {} : { columns }),
    ...Object.fromEntries(
      ['hconcat', 'vconcat', 'concat'].flatMap((name) =>
        Array.isArray(spec[name])
          ? [[width < 480 && name === 'hconcat' ? 'vconcat' : name, (spec[name] as unknown[]).map(resize)]]
          : [],
      ),
    ),
    ...(width < 480 && spec['hconcat'] !== undefined ? { hconcat: undefined } : {}),
  }
}

const columnsOf = (spec: Json, width: number) =>
  Math.min(Number(spec['columns'] ?? 3), width < 480 ? 1 : width < 720 ? 2 : 6)

/** What is left to one of several pieces, once the axes and the gaps have theirs. */
function cellWidth(spec: Json, width: number): number {
  const count =
    spec['columns'] !== undefined
      ? columnsOf(spec, width)
      : Array.isArray(spec['hconcat']) && width >= 480
        ? spec['hconcat'].length
        : 1
  const piece = isObject(spec['spec']) ? spec['spec'] : spec
  const encoding = isObject(piece['encoding']) ? piece['encoding'] : {}
  const axis = isDiscrete(encoding['y']) ? Math.min(200, width * 0.4) : 56
  return Math.max(80, Math.floor((width - axis * count - 20 * (count - 1)) / count))
}

const isDiscrete = (channel: unknown) =>
  isObject(channel) && (channel['type'] === 'nominal' || channel['type'] === 'ordinal')

/**
 * The same chart once for each value of a column, one under the other, of the same scale; days keep their own.
 * @returns undefined for a chart that is several already.
 */
export function compareSpec(spec: object, column: string): object | undefined {
  const { $schema: _, data: __, ...unit } = spec as Json
  const encoding = isObject(unit['encoding']) ? unit['encoding'] : {}
  const several = ['facet', 'row', 'column'].some((channel) => encoding[channel] !== undefined)
  if (several || !('mark' in unit || 'layer' in unit)) return undefined
  const temporal = ['x', 'y'].filter((channel) => {
    const definition = encoding[channel]
    return isObject(definition) && definition['type'] === 'temporal'
  })
  return {
    facet: { field: column, type: 'nominal', sort: null, title: null },
    columns: 1,
    spec: unit,
    resolve: { scale: Object.fromEntries(temporal.map((channel) => [channel, 'independent'])) },
  }
}

function completeUnit(spec: unknown, columns: Record<string, ChartColumn>, language: string): unknown {
  if (Array.isArray(spec)) return spec.map((part) => completeUnit(part, columns, language))
  if (!isObject(spec)) return spec
  const done: Json = { ...spec }
  for (const part of ['layer', 'spec', 'hconcat', 'vconcat', 'concat']) {
    if (done[part] !== undefined) done[part] = completeUnit(done[part], columns, language)
  }
  if (isObject(done['encoding'])) {
    done['encoding'] = Object.fromEntries(
      Object.entries(done['encoding']).map(([channel, definition]) => [
        channel,
        Array.isArray(definition)
          ? definition.map((each) => completeChannel(channel, each, columns, language))
          : completeChannel(channel, definition, columns, language),
      ]),
    )
  }
  return done
}

function completeChannel(
  channel: string,
  definition: unknown,
  columns: Record<string, ChartColumn>,
  language: string,
): unknown {
  if (!isObject(definition) || typeof definition['field'] !== 'string') return definition
  const column = columns[definition['field']]
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

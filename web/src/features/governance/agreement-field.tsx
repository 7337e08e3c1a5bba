import { useTranslation } from 'react-i18next'
import { Button } from '../../ui/button.tsx'
import { Checkbox, SelectField, TextArea, TextField } from '../../ui/field.tsx'
import type { Fault } from './agreement.ts'
import {
  type Content,
  type Fields,
  type FieldShape,
  listNamed,
  readPath,
  type Shape,
  writePath,
} from './agreement-shape.ts'
import { useAgreementWords } from './agreement-words.ts'

type Path = readonly (string | number)[]

/** What every field of the form is given: the whole content, what is wrong with it, and how to change it. */
export interface FormState {
  content: Content
  faults: Fault[]
  onChange: (content: Content) => void
}

interface FieldProps extends FormState {
  path: Path
  name: string
}

const pathOf = (path: Path) =>
  path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '')

/** The fields of a group, each under its label. */
export function RuleFields({ fields, path, content, faults, onChange }: FormState & { fields: Fields; path: Path }) {
  return Object.entries(fields).map(([name, field]) => (
    <RuleField
      content={content}
      faults={faults}
      field={field}
      key={name}
      name={name}
      onChange={onChange}
      path={[...path, name]}
    />
  ))
}

function RuleField({ field, ...props }: FieldProps & { field: FieldShape }) {
  const { t } = useTranslation('agreements')
  const say = useAgreementWords(undefined)
  const { shape, absent } = field
  const value = readPath(props.content, props.path)
  const set = (given: unknown) => props.onChange(writePath(props.content, props.path, given) as Content)
  if (absent === 'omitted' || absent === undefined) {
    // An optional text left empty is not in the file.
    const given = (next: unknown) => set(absent === 'omitted' && next === '' ? undefined : next)
    return <ShapeField optional={absent === 'omitted'} set={given} shape={shape} value={value} {...props} />
  }
  return (
    <fieldset className="agreement-group">
      <legend>{say.field(props.name)}</legend>
      <Checkbox
        checked={value !== null && value !== undefined}
        label={t('edit.present')}
        onChange={({ target }) => set(target.checked ? (field.fresh ?? '') : absent)}
      />
      {value !== null && value !== undefined && <ShapeField bare set={set} shape={shape} value={value} {...props} />}
    </fieldset>
  )
}

interface ShapeProps<Kind extends Shape['kind']> extends FieldProps {
  shape: Extract<Shape, { kind: Kind }>
  value: unknown
  set: (value: unknown) => void
  optional?: boolean
  /** Its legend is said around it already. */
  bare?: boolean
}

function ShapeField({ shape, ...props }: Omit<ShapeProps<Shape['kind']>, 'shape'> & { shape: Shape }) {
  const say = useAgreementWords(undefined)
  const { value, set, name, bare } = props
  const label = say.field(name)
  const error = useFaultText(props)
  switch (shape.kind) {
    case 'text': {
      const control = {
        error,
        label,
        onChange: ({ target }: { target: { value: string } }) => set(target.value),
        value: typed(value),
      }
      return shape.long ? <TextArea {...control} rows={3} /> : <TextField {...control} />
    }
    case 'number':
      return (
        <TextField
          error={error}
          inputMode="numeric"
          label={label}
          onChange={({ target }) => set(/^\d+$/.test(target.value) ? Number(target.value) : target.value)}
          value={typed(value)}
        />
      )
    case 'yesNo':
      return <Checkbox checked={value === true} label={label} onChange={({ target }) => set(target.checked)} />
    case 'choice':
      return (
        <SelectField
          error={error}
          label={label}
          onChange={({ target }) => set(target.value)}
          options={withCurrent(
            shape.of.map((each) => ({ value: each, label: say.value(each) })),
            value,
          )}
          value={typed(value)}
        />
      )
    case 'one':
      return <OneField {...props} shape={shape} />
    case 'several':
      return <SeveralField {...props} shape={shape} />
    case 'voices':
      return <VoicesField {...props} shape={shape} />
    case 'either':
      return <EitherField {...props} shape={shape} />
    case 'list':
      return <ListField {...props} shape={shape} />
    case 'group': {
      const fields = <RuleFields {...props} fields={shape.fields} />
      if (bare) return fields
      return (
        <fieldset className="agreement-group">
          <legend>{label}</legend>
          {error && <p className="field-error">{error}</p>}
          {fields}
        </fieldset>
      )
    }
  }
}

/** What is wrong with this very rule, with its line. */
function useFaultText({ faults, path }: Pick<FieldProps, 'faults' | 'path'>): string | undefined {
  const { t } = useTranslation('agreements')
  const say = useAgreementWords(undefined)
  const fault = faults.find((each) => each.path === pathOf(path))
  return fault && `${say.fault(fault)} (${t('edit.line', { line: fault.line })})`
}

/** A value as one types it. */
function typed(value: unknown): string {
  if (typeof value === 'string') return value
  return value === undefined || value === null ? '' : JSON.stringify(value)
}

/** A value that is not among the choices is shown as it is, for whoever mends it to see. */
function withCurrent(options: { value: string; label: string }[], value: unknown) {
  const current = typed(value)
  return options.some((each) => each.value === current)
    ? options
    : [{ value: current, label: current || '—' }, ...options]
}

function OneField({ shape, value, set, name, content, ...props }: ShapeProps<'one'>) {
  const say = useAgreementWords(undefined)
  const error = useFaultText(props)
  const besides = (shape.besides ?? []).map((each) => ({ value: each, label: say.value(each) }))
  const absent = props.optional ? [{ value: '', label: '—' }] : []
  return (
    <SelectField
      error={error}
      label={say.field(name)}
      onChange={({ target }) => set(target.value)}
      options={withCurrent([...absent, ...besides, ...listNamed(content, shape.of)], value)}
      value={typed(value)}
    />
  )
}

function SeveralField({ shape, value, set, name, content, ...props }: ShapeProps<'several'>) {
  const say = useAgreementWords(undefined)
  const error = useFaultText(props)
  const chosen = Array.isArray(value) ? value.map(String) : []
  const whole = typeof value === 'string' ? value : ''
  const { of } = shape
  const options =
    typeof of === 'string' ? listNamed(content, of) : of.map((each) => ({ value: each, label: say.value(each) }))
  return (
    <fieldset className="agreement-group">
      <legend>{say.field(name)}</legend>
      {error && <p className="field-error">{error}</p>}
      {shape.besides && shape.besides.length > 0 && (
        <div className="agreement-picks">
          {shape.besides.map((each) => (
            <Checkbox
              checked={whole === each}
              key={each}
              label={say.value(each)}
              onChange={({ target }) => set(target.checked ? each : [])}
            />
          ))}
        </div>
      )}
      {whole === '' && (
        <div className="agreement-picks">
          {options.map((option) => (
            <Checkbox
              checked={chosen.includes(option.value)}
              key={option.value}
              label={option.label}
              onChange={({ target }) =>
                set(target.checked ? [...chosen, option.value] : chosen.filter((each) => each !== option.value))
              }
            />
          ))}
        </div>
      )}
    </fieldset>
  )
}

/** One voice each, or the voices of each member. */
function VoicesField({ value, set, name, content, path, ...props }: ShapeProps<'voices'>) {
  const { t } = useTranslation('agreements')
  const say = useAgreementWords(undefined)
  const weighed = typeof value === 'object' && value !== null ? (value as { of?: Record<string, unknown> }) : undefined
  const members = (Array.isArray(content['parties']) ? content['parties'] : []) as {
    key?: string
    name?: string
    roles?: string[]
  }[]
  const given = weighed?.of ?? {}
  const error = useFaultText({ ...props, path: [...path, 'of'] })
  return (
    <fieldset className="agreement-group">
      <legend>{say.field(name)}</legend>
      <Checkbox
        checked={!weighed}
        label={t('value.one')}
        onChange={({ target }) => set(target.checked ? 'one' : { article: '', of: {} })}
      />
      {weighed && (
        <>
          <RuleFields
            content={content}
            fields={{
              article: { shape: { kind: 'one', of: 'articles' } },
              interpretation: { shape: { kind: 'text', long: true }, absent: 'omitted' },
            }}
            path={path}
            {...props}
          />
          {error && <p className="field-error">{error}</p>}
          <div className="agreement-picks">
            {members
              .filter(({ key, roles }) => roles?.includes('member') || String(key) in given)
              .map(({ key = '', name: party = key }) => (
                <VoiceField
                  faults={props.faults}
                  key={key}
                  label={party}
                  onChange={(voices) => {
                    const { [key]: _, ...others } = given
                    set({ ...weighed, of: voices === '' ? others : { ...given, [key]: voices } })
                  }}
                  path={[...path, 'of', key]}
                  value={typed(given[key])}
                />
              ))}
          </div>
        </>
      )}
    </fieldset>
  )
}

function VoiceField({
  label,
  value,
  onChange,
  ...place
}: Pick<FieldProps, 'faults' | 'path'> & { label: string; value: string; onChange: (voices: string) => void }) {
  const error = useFaultText(place)
  return (
    <TextField
      error={error}
      inputMode="decimal"
      label={label}
      onChange={({ target }) => onChange(target.value)}
      value={value}
    />
  )
}

function EitherField({ shape, value, set, name, path, bare, ...form }: ShapeProps<'either'>) {
  const say = useAgreementWords(undefined)
  const chosen = typed(readPath(value, [shape.by]))
  const error = useFaultText({ ...form, path })
  const fields = (
    <>
      <SelectField
        error={error}
        label={say.field(shape.by)}
        onChange={({ target }) => set(shape.of[target.value]?.fresh)}
        options={withCurrent(
          Object.keys(shape.of).map((each) => ({ value: each, label: say.value(each) })),
          chosen,
        )}
        value={chosen}
      />
      <RuleFields {...form} fields={shape.of[chosen]?.fields ?? {}} path={path} />
    </>
  )
  if (bare) return fields
  return (
    <fieldset className="agreement-group">
      <legend>{say.field(name)}</legend>
      {fields}
    </fieldset>
  )
}

function ListField({ shape, value, set, name, path, ...form }: ShapeProps<'list'>) {
  const { t } = useTranslation('agreements')
  const say = useAgreementWords(undefined)
  const items: unknown[] = Array.isArray(value) ? value : []
  return (
    <fieldset className="agreement-group">
      <legend>{say.field(name)}</legend>
      {items.map((_, index) => (
        // Items of such a list have nothing but their place to be known by.
        // oxlint-disable-next-line react/no-array-index-key -- see above
        <fieldset className="agreement-group" key={index}>
          <legend>{index + 1}</legend>
          <ShapeField
            {...form}
            bare
            name={name}
            path={[...path, index]}
            set={(next) => set(items.toSpliced(index, 1, next))}
            shape={shape.item}
            value={items[index]}
          />
          <div>
            <Button look="quiet" onClick={() => set(items.toSpliced(index, 1))}>
              {t('edit.remove', { name: `${say.field(name)} ${index + 1}` })}
            </Button>
          </div>
        </fieldset>
      ))}
      <div>
        <Button look="quiet" onClick={() => set([...items, shape.fresh])}>
          {t('edit.add')}
          <span className="visually-hidden"> ({say.field(name)})</span>
        </Button>
      </div>
    </fieldset>
  )
}

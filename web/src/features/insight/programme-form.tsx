import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, read } from '../../api/client.ts'
import { useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/field.tsx'
import { Icon } from '../../ui/icons.tsx'
import { Notice } from '../../ui/notice.tsx'
import { pickName } from './indicator-words.ts'
import { coursesQuery } from './indicators.ts'
import type { Programme } from './programmes-page.tsx'

interface Chosen {
  key: string
  label: string
}

/** Name, courses and heads of a programme; of a new one when none is given. */
export function ProgrammeForm({
  programme,
  onDone,
  onLeave,
}: {
  programme?: Programme
  onDone: () => void
  onLeave: () => void
}) {
  const { t, i18n } = useTranslation('dashboards')
  const format = useFormat()
  const explain = useProblemText()
  const client = useQueryClient()
  const tell = (name: Record<string, string>) => pickName(name, i18n.language) ?? t('card.unknownActivity')
  const [name, setName] = useState(programme?.name ?? '')
  const [courses, setCourses] = useState<Chosen[]>(() =>
    (programme?.courses ?? []).map((course) => ({ key: course.key, label: tell(course.name) })),
  )
  const [heads, setHeads] = useState<Chosen[]>(() =>
    (programme?.heads ?? []).map((head) => ({ key: head.id, label: format.name(head) })),
  )
  const [checked, setChecked] = useState(false)
  const [courseWords, setCourseWords] = useState('')
  const [headWords, setHeadWords] = useState('')
  const courseAsked = useSettled(courseWords)
  const headAsked = useSettled(headWords)
  const { data: foundCourses } = useQuery({ ...coursesQuery({ as: undefined, q: courseAsked }), retry: false })
  const { data: foundHeads } = useQuery({
    queryKey: ['people', 'heads', headAsked],
    queryFn: () => read(api.GET('/api/directory/people', { params: { query: { q: headAsked, limit: 30 } } })),
    enabled: headAsked.length > 1,
  })
  const save = useMutation({
    mutationFn: () => {
      const body = { name: name.trim(), courses: courses.map(({ key }) => key), heads: heads.map(({ key }) => key) }
      return programme
        ? read(api.PUT('/api/insight/programmes/{id}', { params: { path: { id: programme.id } }, body }))
        : read(api.POST('/api/insight/programmes', { body }))
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['insight'] })
      onDone()
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setChecked(true)
    if (name.trim() !== '') save.mutate()
  }
  return (
    <form className="programme-form" noValidate onSubmit={submit}>
      <div aria-live="polite">{save.error && <Notice kind="danger" title={explain(save.error)} />}</div>
      <TextField
        error={checked && name.trim() === '' ? t('programmes.nameMissing') : undefined}
        hint={t('programmes.nameHint')}
        label={t('programmes.name')}
        maxLength={200}
        onChange={({ target }) => setName(target.value)}
        value={name}
      />
      <Choice
        chosen={courses}
        found={(foundCourses?.courses ?? []).map((course) => ({ key: course.key, label: tell(course.name) }))}
        label={t('programmes.findCourse')}
        legend={t('programmes.courses')}
        onChange={setCourses}
        onType={setCourseWords}
        typed={courseWords}
      />
      <Choice
        chosen={heads}
        found={
          headAsked.length > 1
            ? (foundHeads?.people ?? [])
                .filter(({ affiliations }) =>
                  affiliations.some(({ profile }) => profile !== 'pupil' && profile !== 'guardian'),
                )
                .map((person) => ({ key: person.id, label: format.name(person) }))
            : []
        }
        hint={t('programmes.headsHint')}
        label={t('programmes.findHead')}
        legend={t('programmes.heads')}
        onChange={setHeads}
        onType={setHeadWords}
        typed={headWords}
      />
      <div className="row">
        <Button busy={save.isPending} look="primary" type="submit">
          {t('programmes.save')}
        </Button>
        <Button look="quiet" onClick={onLeave}>
          {t('programmes.leave')}
        </Button>
      </div>
    </form>
  )
}

/** Some among many: those chosen, each with a way out, and those that some words find. */
function Choice({
  legend,
  label,
  hint,
  typed,
  found,
  chosen,
  onType,
  onChange,
}: {
  legend: string
  label: string
  hint?: string
  typed: string
  found: Chosen[]
  chosen: Chosen[]
  onType: (text: string) => void
  onChange: (chosen: Chosen[]) => void
}) {
  const { t } = useTranslation('dashboards')
  const others = found.filter(({ key }) => !chosen.some((each) => each.key === key)).slice(0, 8)
  return (
    <fieldset className="field programme-choice">
      <legend className="field-label">{legend}</legend>
      {hint && <p className="field-hint">{hint}</p>}
      {chosen.length > 0 && (
        <ul className="programme-chosen">
          {chosen.map((each) => (
            <li key={each.key}>
              <span>{each.label}</span>
              <button
                aria-label={t('programmes.without', { name: each.label })}
                className="programme-out"
                onClick={() => onChange(chosen.filter(({ key }) => key !== each.key))}
                type="button"
              >
                <Icon name="cross" size={16} />
              </button>
            </li>
          ))}
        </ul>
      )}
      <TextField
        autoComplete="off"
        label={label}
        onChange={({ target }) => onType(target.value)}
        spellCheck={false}
        type="search"
        value={typed}
      />
      <ul className="programme-found">
        {others.map((each) => (
          <li key={each.key}>
            <Button
              aria-label={t('programmes.with', { name: each.label })}
              look="quiet"
              onClick={() => {
                onChange([...chosen, each])
                onType('')
              }}
            >
              + {each.label}
            </Button>
          </li>
        ))}
      </ul>
    </fieldset>
  )
}

/** A text once nobody has typed for a moment. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text.trim())
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text.trim()), 250)
    return () => clearTimeout(timer)
  }, [text])
  return settled
}

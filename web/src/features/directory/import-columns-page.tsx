import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate, useParams } from 'react-router'
import { api, ApiProblem, read } from '../../api/client.ts'
import { findText } from '../../i18n.ts'
import { paths } from '../../paths.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { Page, Section } from '../../shell/page.tsx'
import { Button, buttonClass } from '../../ui/button.tsx'
import { TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonLines, SkeletonRows } from '../../ui/skeleton.tsx'
import { ImportColumnsFile } from './import-columns-file.tsx'
import { type Columns, type Description, findMissing, isUai, needsUai } from './import-columns-words.ts'
import './import-columns.css'
import './imports.css'

/** What the columns of CSV files hold: proposed from their headers, corrected here once, remembered for the next ones. */
export function ImportColumnsPage() {
  const { t } = useTranslation('columns')
  const { id = '' } = useParams()
  const { data, error, refetch } = useQuery({
    queryKey: ['import-columns', id],
    queryFn: () => read(api.GET('/api/directory/imports/{id}/columns', { params: { path: { id } } })),
    // What one is filling in must not be replaced under one's hands.
    refetchOnWindowFocus: false,
    staleTime: Infinity,
    gcTime: 0,
  })
  const back = { to: paths.import(id), label: t('back') }
  return (
    <Page back={back} busy={!data && !error} lead={t('lead')} title={t('title')} wide>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && (
        <>
          <SkeletonLines count={2} />
          <SkeletonRows count={8} />
        </>
      )}
      {data && <Describe columns={data} id={id} />}
    </Page>
  )
}

/** Milliseconds without a change after which a description is tried. */
const pause = 400

function Describe({ columns, id }: { columns: Columns; id: string }) {
  const { t } = useTranslation('columns')
  const explainProblem = useProblemText()
  // The files themselves may be at fault, further than where they were looked at.
  const explain = (error: unknown) =>
    (error instanceof ApiProblem && findText(`imports:refusal.${error.code}`)) || explainProblem(error)
  const navigate = useNavigate()
  const client = useQueryClient()
  const [said, setSaid] = useState<Description>({
    source: columns.source,
    ...(columns.uai === null ? {} : { uai: columns.uai }),
    files: Object.fromEntries(columns.files.map(({ name, mapping }) => [name, mapping])),
  })
  const [asked, setAsked] = useState(false)
  const place = needsUai(columns, said)
  const uai = said.uai ?? ''
  const errors = {
    source: said.source.trim() === '' ? t('source.missing') : undefined,
    uai: place && !/^\d{7}[A-Z]$/.test(uai) ? t('uai.missing') : undefined,
  }
  const incomplete =
    columns.kind === 'csv' && Object.values(said.files).some((mapping) => findMissing(mapping).length > 0)
  const sent = withoutDraft(said)
  // It can be tried before it has a name.
  const tried = useSettled(JSON.stringify({ ...sent, source: sent.source || '-' }))
  const preview = useQuery({
    queryKey: ['import-columns-preview', id, tried],
    queryFn: () =>
      read(
        api.POST('/api/directory/imports/{id}/columns/preview', {
          params: { path: { id } },
          body: JSON.parse(tried) as Description,
        }),
      ),
    enabled: sent.source !== '',
    placeholderData: keepPreviousData,
    gcTime: 0,
  })
  const save = useMutation({
    mutationFn: () =>
      read(
        api.PUT('/api/directory/imports/{id}/columns', {
          params: { path: { id } },
          body: columns.kind === 'csv' ? sent : { ...sent, files: {} },
        }),
      ),
    onSuccess: async (after) => {
      client.setQueryData(['import', id], after)
      await navigate(paths.import(id), { replace: true })
    },
  })
  const ask = () => {
    setAsked(true)
    if (!errors.source && !errors.uai && !incomplete) save.mutate()
  }
  return (
    <>
      <Section
        title={columns.kind === 'csv' ? t('where.title') : t('where.known', { system: t(`system.${columns.kind}`) })}
      >
        <div className="columns-where">
          {columns.kind === 'csv' && (
            <TextField
              error={asked && errors.source}
              hint={t('source.hint')}
              label={t('source.label')}
              maxLength={60}
              onChange={(event) => setSaid({ ...said, source: event.target.value })}
              value={said.source}
            />
          )}
          {(place || columns.uai !== null) && (
            <TextField
              autoCapitalize="characters"
              error={asked && errors.uai}
              hint={uai.length === 8 && !isUai(uai) ? <strong>{t('uai.doubtful')}</strong> : t('uai.hint')}
              label={t('uai.label')}
              maxLength={8}
              onChange={(event) => setSaid({ ...said, uai: event.target.value.toUpperCase().trim() })}
              spellCheck={false}
              value={uai}
            />
          )}
        </div>
      </Section>
      {columns.files.map((file) => (
        <ImportColumnsFile
          asked={asked}
          fields={columns.fields}
          file={file}
          fixed={columns.kind !== 'csv'}
          key={file.name}
          mapping={said.files[file.name] ?? file.mapping}
          onChange={(mapping) => setSaid({ ...said, files: { ...said.files, [file.name]: mapping } })}
          preview={preview.data?.files.find(({ name }) => name === file.name)}
        />
      ))}
      {preview.error && <Notice kind="warning" title={explain(preview.error)} />}
      <div className="tile">
        {save.error && <Notice kind="danger" live="alert" title={explain(save.error)} />}
        {asked && (errors.source || errors.uai || incomplete) && (
          <Notice kind="warning" live="alert" title={t('incomplete')} />
        )}
        <div className="row">
          <Button busy={save.isPending} look="primary" onClick={ask}>
            {t('save')}
          </Button>
          {columns.kind === 'csv' && (
            <a
              className={buttonClass()}
              download="columns.json"
              href={`data:application/json;charset=utf-8,${encodeURIComponent(JSON.stringify(sent, null, 2))}`}
            >
              {t('download')}
            </a>
          )}
        </div>
        <p className="quiet small measure">{columns.kind === 'csv' ? t('saveHint') : t('saveHintKnown')}</p>
      </div>
    </>
  )
}

/** What can be tried: a UAI being typed is none yet. */
function withoutDraft({ source, uai, files }: Description): Description {
  return { source: source.trim(), files, ...(uai && /^\d{7}[A-Z]$/.test(uai) ? { uai } : {}) }
}

/** A value once it has not changed for a moment. */
function useSettled(value: string): string {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), pause)
    return () => clearTimeout(timer)
  }, [value])
  return settled
}

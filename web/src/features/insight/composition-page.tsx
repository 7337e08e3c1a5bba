import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { api, read } from '../../api/client.ts'
import { audiencesQuery } from '../../api/queries.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFilters } from '../../shell/filters.ts'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { RadioGroup, SelectField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { type Composed, CompositionList } from './composition-list.tsx'
import { type DashboardItem, type Indicator, indicatorsQuery, scopeNames } from './indicators.ts'
import { InsightPage } from './insight-page.tsx'
import { type Audience, audienceNames } from './looking.ts'
import './composition-page.css'

const dashboardsQuery = queryOptions({
  queryKey: ['insight', 'dashboards'],
  queryFn: () => read(api.GET('/api/insight/dashboards')),
})

/** What the institution shows to each audience: indicators to add, order, set and remove. */
export function CompositionPage() {
  const { t } = useTranslation('dashboards')
  const [parameters] = useSearchParams()
  const [, change] = useFilters()
  const audience = audienceNames.find((each) => each === parameters.get('audience')) ?? 'student'
  const { data, error, refetch } = useQuery(dashboardsQuery)
  const catalogue = useQuery(indicatorsQuery(undefined))
  const { data: looking } = useQuery(audiencesQuery)
  const failure = error ?? catalogue.error
  const dashboard = data?.dashboards.find((each) => each.audience === audience)
  const indicators = catalogue.data?.indicators
  return (
    <InsightPage
      audience={looking?.audiences[0]}
      busy={(!dashboard || !indicators) && !failure}
      lead={t('composition.lead')}
      title={t('composition.title')}
    >
      <RadioGroup
        legend={t('composition.whose')}
        name="audience"
        onChoose={(chosen) => change({ audience: chosen })}
        options={audienceNames.map((each) => ({ value: each, label: t(`audience.${each}`) }))}
        value={audience}
      />
      {failure && <Failure error={failure} onRetry={() => void Promise.all([refetch(), catalogue.refetch()])} />}
      {(!dashboard || !indicators) && !failure && <SkeletonRows count={5} height="4rem" />}
      {dashboard && indicators && (
        <Composition
          audience={audience}
          custom={dashboard.custom}
          indicators={indicators}
          items={dashboard.items}
          // What another audience is shown is begun anew.
          key={`${audience} ${JSON.stringify(dashboard.items)}`}
        />
      )}
    </InsightPage>
  )
}

function Composition({
  audience,
  items,
  custom,
  indicators,
}: {
  audience: Audience
  items: DashboardItem[]
  custom: boolean
  indicators: Indicator[]
}) {
  const { t } = useTranslation('dashboards')
  const client = useQueryClient()
  const [composed, setComposed] = useState<Composed[]>(() => items.map((item) => ({ id: crypto.randomUUID(), item })))
  const [said, setSaid] = useState('')
  const params = { path: { audience } }
  const refresh = () => client.invalidateQueries({ queryKey: ['insight'] })
  const save = useMutation({
    mutationFn: () =>
      read(
        api.PUT('/api/insight/dashboards/{audience}', { params, body: { items: composed.map(({ item }) => item) } }),
      ),
    onSuccess: refresh,
  })
  const reset = useMutation({
    mutationFn: () => read(api.DELETE('/api/insight/dashboards/{audience}', { params })),
    onSuccess: refresh,
  })
  const changed = JSON.stringify(composed.map(({ item }) => item)) !== JSON.stringify(items)
  const failure = save.error ?? reset.error
  return (
    <div className="composition">
      <p className="quiet">{t(custom ? 'composition.own' : 'composition.default')}</p>
      {composed.length === 0 ? (
        <Empty title={t('composition.empty')}>
          <p>{t('composition.emptyHint')}</p>
        </Empty>
      ) : (
        <CompositionList
          audience={audience}
          composed={composed}
          indicators={indicators}
          onChange={setComposed}
          onSay={setSaid}
        />
      )}
      <p aria-live="polite" className="visually-hidden">
        {said}
      </p>
      <Adding
        audience={audience}
        indicators={indicators}
        onAdd={(item, title) => {
          setComposed([...composed, { id: crypto.randomUUID(), item }])
          setSaid(t('composition.added', { title }))
        }}
      />
      <div aria-live="polite">
        {failure && <Failure error={failure} />}
        {changed && (
          <Notice kind="warning" title={t('composition.unsaved')}>
            <p>{t('composition.unsavedHint')}</p>
          </Notice>
        )}
      </div>
      <div className="row">
        <Button busy={save.isPending} disabled={!changed} look="primary" onClick={() => save.mutate()}>
          {t('composition.save')}
        </Button>
        {changed && (
          <Button look="quiet" onClick={() => setComposed(items.map((item) => ({ id: crypto.randomUUID(), item })))}>
            {t('composition.cancel')}
          </Button>
        )}
        {custom && !changed && (
          <Button busy={reset.isPending} onClick={() => reset.mutate()}>
            {t('composition.reset')}
          </Button>
        )}
      </div>
    </div>
  )
}

/** An indicator to add, in one of its scopes that are for this audience. */
function Adding({
  audience,
  indicators,
  onAdd,
}: {
  audience: Audience
  indicators: Indicator[]
  onAdd: (item: DashboardItem, title: string) => void
}) {
  const { t, i18n } = useTranslation('dashboards')
  const language = i18n.language === 'en' ? 'en' : 'fr'
  const choices = indicators
    .flatMap((indicator) =>
      scopeNames.flatMap((scope) =>
        indicator.scopes[scope]?.audiences.includes(audience)
          ? [{ value: `${indicator.name} ${scope}`, indicator, scope, label: indicator.texts[language].title }]
          : [],
      ),
    )
    .toSorted((one, other) => one.label.localeCompare(other.label, language))
  const [value, setValue] = useState<string>()
  const chosen = choices.find((each) => each.value === value) ?? choices[0]
  if (!chosen) return null
  return (
    <div className="composition-add">
      <SelectField
        hint={chosen.indicator.texts[language].question}
        label={t('composition.add')}
        onChange={({ target }) => setValue(target.value)}
        options={choices.map(({ value: each, label, scope }) => ({
          value: each,
          label: `${label} · ${t(`composition.scope.${scope}`)}`,
        }))}
        value={chosen.value}
      />
      <Button
        onClick={() =>
          onAdd({ indicator: chosen.indicator.name, scope: chosen.scope, parameters: {}, width: 'half' }, chosen.label)
        }
      >
        {t('composition.addButton')}
      </Button>
    </div>
  )
}

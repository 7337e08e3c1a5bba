import { useState } from 'react'
import { Button as PressButton, GridList, GridListItem, useDragAndDrop } from 'react-aria-components'
import { useTranslation } from 'react-i18next'
import { Button } from '../../ui/button.tsx'
import { SelectField } from '../../ui/field.tsx'
import { Icon } from '../../ui/icons.tsx'
import { IndicatorSettings } from './indicator-settings.tsx'
import type { DashboardItem, Indicator } from './indicators.ts'
import type { Audience } from './looking.ts'

/** One card of a dashboard that is being composed; the same indicator may be there twice. */
export interface Composed {
  id: string
  item: DashboardItem
}

/**
 * The cards in their order: moved by buttons, dragged by pointer, or carried by keyboard (Enter on the handle, then the
 * arrows); each with its width and its parameters.
 * @param onSay told of what changed, for who does not see it.
 */
export function CompositionList({
  composed,
  indicators,
  audience,
  onChange,
  onSay,
}: {
  composed: Composed[]
  indicators: Indicator[]
  audience: Audience
  onChange: (composed: Composed[]) => void
  onSay: (text: string) => void
}) {
  const { t, i18n } = useTranslation('dashboards')
  const language = i18n.language === 'en' ? 'en' : 'fr'
  const textsOf = (name: string) => indicators.find((each) => each.name === name)?.texts[language]
  const [open, setOpen] = useState<string>()
  const titleOf = ({ item }: Composed) => textsOf(item.indicator)?.title ?? item.indicator
  const set = (id: string, change: Partial<DashboardItem>) =>
    onChange(composed.map((each) => (each.id === id ? { ...each, item: { ...each.item, ...change } } : each)))

  function place(id: string, at: number) {
    const moved = composed.find((each) => each.id === id)
    if (!moved) return
    const others = composed.filter((each) => each.id !== id)
    onChange([...others.slice(0, at), moved, ...others.slice(at)])
    onSay(t('composition.moved', { title: titleOf(moved), place: at + 1, count: composed.length }))
  }

  const { dragAndDropHooks } = useDragAndDrop({
    getItems: (keys) => [...keys].map((key) => ({ 'text/plain': String(key) })),
    onReorder({ keys, target }) {
      const [id] = [...keys].map(String)
      const others = composed.filter((each) => each.id !== id)
      const at = others.findIndex((each) => each.id === target.key)
      if (id !== undefined && at >= 0) place(id, target.dropPosition === 'before' ? at : at + 1)
    },
  })
  return (
    <GridList
      aria-label={t('composition.list', { audience: t(`audience.${audience}`) })}
      className="composition-list"
      // Rows are drawn again when one of these changes.
      dependencies={[composed, open, language]}
      dragAndDropHooks={dragAndDropHooks}
      items={composed}
      keyboardNavigationBehavior="tab"
      selectionMode="none"
    >
      {(each) => {
        const at = composed.indexOf(each)
        const title = titleOf(each)
        return (
          <GridListItem className="composition-item" id={each.id} textValue={title}>
            <PressButton aria-label={t('composition.drag', { title })} className="composition-handle" slot="drag">
              <span aria-hidden="true">⠿</span>
            </PressButton>
            <div className="composition-words">
              <strong>{title}</strong>
              <span className="small quiet">
                {[
                  textsOf(each.item.indicator)?.question ?? t('composition.gone'),
                  t(`composition.scope.${each.item.scope}`),
                ].join(' · ')}
              </span>
            </div>
            <div className="composition-acts">
              <Button
                aria-controls={`${each.id}-details`}
                aria-expanded={open === each.id}
                aria-label={t('composition.set', { title })}
                look="quiet"
                onClick={() => setOpen(open === each.id ? undefined : each.id)}
              >
                {t('card.settings')}
              </Button>
              <Button
                aria-label={t('composition.up', { title })}
                disabled={at === 0}
                look="quiet"
                onClick={() => place(each.id, at - 1)}
              >
                <span aria-hidden="true">↑</span>
              </Button>
              <Button
                aria-label={t('composition.down', { title })}
                disabled={at === composed.length - 1}
                look="quiet"
                onClick={() => place(each.id, at + 1)}
              >
                <span aria-hidden="true">↓</span>
              </Button>
              <Button
                aria-label={t('composition.remove', { title })}
                look="quiet"
                onClick={() => {
                  onChange(composed.filter(({ id }) => id !== each.id))
                  onSay(t('composition.removed', { title }))
                }}
              >
                <Icon name="cross" size={18} />
              </Button>
            </div>
            <div className="composition-details" hidden={open !== each.id} id={`${each.id}-details`}>
              {open === each.id && (
                <Details
                  indicator={indicators.find(({ name }) => name === each.item.indicator)}
                  item={each.item}
                  language={language}
                  onSet={(change) => set(each.id, change)}
                />
              )}
            </div>
          </GridListItem>
        )
      }}
    </GridList>
  )
}

/** Width and parameters of a card. */
function Details({
  item,
  indicator,
  language,
  onSet,
}: {
  item: DashboardItem
  indicator: Indicator | undefined
  language: 'fr' | 'en'
  onSet: (change: Partial<DashboardItem>) => void
}) {
  const { t } = useTranslation('dashboards')
  const parameters = Object.fromEntries(Object.entries(item.parameters).map(([name, value]) => [name, String(value)]))
  return (
    <div className="composition-settings">
      <SelectField
        label={t('composition.width')}
        onChange={({ target }) => onSet({ width: target.value === 'full' ? 'full' : 'half' })}
        options={(['half', 'full'] as const).map((width) => ({
          value: width,
          label: t(`composition.widths.${width}`),
        }))}
        value={item.width}
      />
      {indicator && (
        <IndicatorSettings
          indicator={{
            ...indicator,
            // Activities are of a course, and a dashboard of all of them.
            parameters: Object.fromEntries(
              Object.entries(indicator.parameters).filter(([, { type }]) => type !== 'activity'),
            ),
          }}
          onSet={(name, value) =>
            onSet({
              parameters: {
                ...item.parameters,
                [name]: indicator.parameters[name]?.type === 'integer' ? Number(value) : value,
              },
            })
          }
          question={{ parameters, course: undefined, as: undefined }}
          texts={indicator.texts[language]}
        />
      )}
    </div>
  )
}

import { useTranslation } from 'react-i18next'
import { useFormat } from '../../shell/format.ts'
import { Badge, type Tone } from '../../ui/badge.tsx'
import { Progress } from '../../ui/progress.tsx'
import { type Import, secondsLeft } from './import-words.ts'
import { useNow } from '../../ui/now.ts'

const tones: Partial<Record<Import['state'] | 'asking', Tone>> = {
  asking: 'accent',
  staging: 'accent',
  ready: 'accent',
  applying: 'accent',
  applied: 'success',
  refused: 'danger',
  interrupted: 'danger',
}

/** The state of an import in a word. */
export function ImportState({ state }: { state: Import['state'] | 'asking' }) {
  const { t } = useTranslation('imports')
  return <Badge tone={tones[state]}>{t(`state.${state}`)}</Badge>
}

/** What an import is doing now, how far it is and when it may end. */
export function ImportProgress({ progress }: { progress: NonNullable<Import['progress']> }) {
  const { t } = useTranslation('imports')
  const format = useFormat()
  const now = useNow(1)
  const left = secondsLeft(progress, now)
  const known = progress.total > 0
  return (
    <Progress
      label={t(`phase.${progress.phase}`)}
      maximum={known ? progress.total : 1}
      note={[
        known && progress.unit === 'bytes'
          ? t('progress.bytes', { done: format.bytes(progress.done), total: format.bytes(progress.total) })
          : undefined,
        left === undefined ? undefined : t('progress.left', { left: format.duration(left) }),
      ]
        .filter(Boolean)
        .join(' · ')}
      value={known ? progress.done : undefined}
    />
  )
}

import { useEffect, useState } from 'react'

/** The present instant, told again at this pace while the page is shown. */
export function useNow(everySeconds: number): Date {
  const [now, setNow] = useState(() => new Date())
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), everySeconds * 1_000)
    return () => clearInterval(timer)
  }, [everySeconds])
  return now
}

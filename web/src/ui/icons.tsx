/** Line drawings on a 24 grid, all decorative: the word is always there too, seen or for screen readers. */
const drawings = {
  home: 'M3.5 11.5 12 4.5l8.5 7M6 10v9.5h12V10M10 19.5v-5h4v5',
  people:
    'M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 20c.5-3.6 3-5.5 6.5-5.5s6 1.9 6.5 5.5M16 5a3.3 3.3 0 0 1 0 6.2M18 14.8c2 .7 3.2 2.3 3.5 5.2',
  school: 'M3 20h18M5 20V9.5l7-4.5 7 4.5V20M10 20v-4.5h4V20M12 9.5v2',
  import: 'M12 3.5v11M7.5 10.5 12 15l4.5-4.5M4 16.5V20h16v-3.5',
  status: 'M3 12.5h4l2.5-7 4.5 13 2.5-6H21',
  chart: 'M4 4v16h16M8.5 16v-4M13 16V7.5M17.5 16v-6',
  council: 'M3.5 20h17M5.5 20v-8M10 20v-8M14 20v-8M18.5 20v-8M3.5 9.5 12 4l8.5 5.5v2.5h-17Z',
  key: 'M15.5 4a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM12.2 11.6 4 19.8M6.5 17.3l2.2 2.2M9.6 14.2l2 2',
  account: 'M12 12.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20.5c.7-4 3.5-6 7.5-6s6.8 2 7.5 6',
  help: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.4-1 .9-1 1.7M12 16.8v.1',
  search: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM15.5 15.5 20.5 20.5',
  alert: 'M12 4 2.8 19.5h18.4L12 4ZM12 10v4.5M12 17v.1',
  check: 'M4.5 12.5 10 18 19.5 6.5',
  info: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 11v5.5M12 7.8v.1',
  more: 'M5 12.6a.6.6 0 1 0 0-1.2.6.6 0 0 0 0 1.2ZM12 12.6a.6.6 0 1 0 0-1.2.6.6 0 0 0 0 1.2ZM19 12.6a.6.6 0 1 0 0-1.2.6.6 0 0 0 0 1.2Z',
  cross: 'M6 6l12 12M18 6 6 18',
  leave: 'M14 4H5v16h9M10 12h11M17.5 8.5 21 12l-3.5 3.5',
  forward: 'M9.5 5.5 16 12l-6.5 6.5',
  back: 'M14.5 5.5 8 12l6.5 6.5',
  outward: 'M7 17 17 7M9 7h8v8',
  eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z',
  file: 'M6 3.5h8l4.5 4.5v12.5H6zM13.5 3.5V8.5h5',
  print: 'M7 9V3.5h10V9M7 17H4V9h16v8h-3M7 14h10v6.5H7z',
  mail: 'M3 6h18v12.5H3zM3.5 6.5 12 13l8.5-6.5',
  phone: 'M6.5 3.5 9.5 8 7.8 10a12 12 0 0 0 6.2 6.2l2-1.7 4.5 3v3c-9 .5-17.5-8-17-17z',
} as const

export type IconName = keyof typeof drawings

export function Icon({ name, size = 22 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={drawings[name]} />
    </svg>
  )
}

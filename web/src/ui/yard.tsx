import './yard.css'

/** The covered yard, drawn: a long roof, its posts, a tree, two people in the shade and a low sun. Decorative. */
export function Yard() {
  return (
    <svg className="yard" viewBox="0 0 480 300" fill="none" aria-hidden="true" preserveAspectRatio="xMidYMax slice">
      <circle className="yard-sun" cx="404" cy="64" r="34" />
      <path className="yard-hill" d="M0 232c70-26 130-30 214-12s180 12 266-14v94H0z" />
      <path className="yard-shade" d="M52 246h292l46 22H96z" />
      <g className="yard-line" strokeLinecap="round" strokeLinejoin="round">
        <path d="M24 138 170 74l206 44" strokeWidth="9" />
        <path d="M84 114v134M200 82v166M328 110v138" strokeWidth="6" />
        <path d="M14 250h452" strokeWidth="5" />
        <path d="M110 248v-24h58v24M110 232h58" strokeWidth="4" />
        <path d="M424 250v-54" strokeWidth="5" />
      </g>
      <path className="yard-tree" d="M424 128c24 0 38 20 34 40-3 18-18 30-34 30s-31-12-34-30c-4-20 10-40 34-40Z" />
      <g className="yard-people">
        <circle cx="246" cy="190" r="10" />
        <path d="M232 249c0-30 4-46 14-46s14 16 14 46z" />
        <circle cx="283" cy="204" r="8.5" />
        <path d="M271 249c0-24 4-35 12-35s12 11 12 35z" />
      </g>
    </svg>
  )
}

import { errorFunction, probit } from 'simple-statistics'

/** The chance of a standard normal value at least this far from 0, either side. Good to 3e-7. */
const twoSidedNormal = (z: number) => 1 - errorFunction(Math.abs(z) / Math.SQRT2)

/** The normal value exceeded, either side, with this chance: simple-statistics' start, made exact by a Newton step. */
const normalBound = (chance: number) => {
  const start = probit(1 - chance / 2)
  const density = Math.exp((-start * start) / 2) / Math.sqrt(2 * Math.PI)
  return start + (twoSidedNormal(start) - chance) / (2 * density)
}

/**
 * The chance of a Student value at least this far from 0, either side, through the normal value it corresponds to.
 * Source: Wallace, "Bounds on normal approximations to Student's and the chi-square distributions", 1959.
 */
export const twoSidedStudent = (t: number, freedom: number): number =>
  twoSidedNormal(((8 * freedom + 1) / (8 * freedom + 3)) * Math.sqrt(freedom * Math.log1p((t * t) / freedom)))

/** The Student value exceeded, either side, with this chance: the inverse of {@link twoSidedStudent}. */
export const studentBound = (chance: number, freedom: number): number => {
  const u = (normalBound(chance) * (8 * freedom + 3)) / (8 * freedom + 1)
  return Math.sqrt(freedom * Math.expm1((u * u) / freedom))
}

/** The chance of a chi-square value at least this large. Source: Wilson and Hilferty, PNAS 17 (1931). */
export const upperChiSquare = (value: number, freedom: number): number => {
  const z = (Math.cbrt(value / freedom) - (1 - 2 / (9 * freedom))) / Math.sqrt(2 / (9 * freedom))
  return z > 0 ? twoSidedNormal(z) / 2 : 1 - twoSidedNormal(z) / 2
}

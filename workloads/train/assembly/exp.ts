// An exponential function of + − × ÷ alone, the same on every engine, as `digits/training/exp.ts` has it.
const LN2_HIGH: f64 = 0.69314718036912381649;
const LN2_LOW: f64 = 1.90821492927058770002e-10;
const TERMS = 14;

/** e to the power of a number that is not positive. */
export function expOfNegative(power: f64): f64 {
  if (power < -700) return 0;
  const halvings = floor(-power / LN2_HIGH);
  const rest = power + halvings * LN2_HIGH + halvings * LN2_LOW;
  let sum: f64 = 1;
  for (let term = TERMS; term > 0; term -= 1) sum = 1 + (sum * rest) / <f64>term;
  for (let halving: f64 = 0; halving < halvings; halving += 1) sum *= 0.5;
  return sum;
}

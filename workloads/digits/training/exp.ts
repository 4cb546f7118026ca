const LN2_HIGH = 0.69314718036912381649;
const LN2_LOW = 1.90821492927058770002e-10;
const TERMS = 14;

/**
 * e to the power of a number that is not positive. `Math.exp` may differ in its last bit between engines, and a training
 * must give the same weights everywhere; this uses only what IEEE 754 fixes.
 */
export function expOfNegative(power: number): number {
  if (power < -700) return 0;
  const halvings = Math.floor(-power / LN2_HIGH);
  const rest = power + halvings * LN2_HIGH + halvings * LN2_LOW;
  let sum = 1;
  for (let term = TERMS; term > 0; term -= 1) sum = 1 + (sum * rest) / term;
  for (let halving = 0; halving < halvings; halving += 1) sum *= 0.5;
  return sum;
}

/** A point, a direction or a colour. Made once and written over, because memory is never freed. */
export class Vector {
  constructor(
    public x: f64 = 0,
    public y: f64 = 0,
    public z: f64 = 0,
  ) {}

  @inline set(x: f64, y: f64, z: f64): void {
    this.x = x;
    this.y = y;
    this.z = z;
  }

  @inline copy(other: Vector): void {
    this.set(other.x, other.y, other.z);
  }

  @inline dot(other: Vector): f64 {
    return this.x * other.x + this.y * other.y + this.z * other.z;
  }

  @inline scale(factor: f64): void {
    this.set(this.x * factor, this.y * factor, this.z * factor);
  }

  @inline multiply(x: f64, y: f64, z: f64): void {
    this.set(this.x * x, this.y * y, this.z * z);
  }

  /** Adds so much of another. */
  @inline add(other: Vector, factor: f64 = 1): void {
    this.set(this.x + other.x * factor, this.y + other.y * factor, this.z + other.z * factor);
  }

  @inline normalise(): void {
    this.scale(1 / sqrt(this.dot(this)));
  }
}

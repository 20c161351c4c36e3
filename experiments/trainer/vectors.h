// Vectors of four numbers, or of eight where the compiler is told that the CPU has AVX-512; numpy's tanh and
// glibc's exp of them. An element's bits never depend on the vector that it stands in.
#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 24") for

typedef double v4 __attribute__((vector_size(32)));
typedef double loose4 __attribute__((vector_size(32), aligned(8)));
typedef long ints4 __attribute__((vector_size(32)));
INLINE v4 all4(double x) { return (v4){x, x, x, x}; }
INLINE v4 fma4(v4 a, v4 b, v4 c) { return (v4)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c); }
INLINE v4 load4(const double *p) { return *(const loose4 *)p; }
INLINE void store4(double *p, v4 x) { *(loose4 *)p = x; }

#ifdef __AVX512F__
#define WIDTH 8
typedef double vec __attribute__((vector_size(64)));
typedef double loose __attribute__((vector_size(64), aligned(8)));
typedef long ints __attribute__((vector_size(64)));
INLINE vec all(double x) { return (vec){x, x, x, x, x, x, x, x}; }
INLINE vec fused(vec a, vec b, vec c) { return (vec)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c); }
INLINE vec root(vec x) { return (vec)_mm512_sqrt_pd((__m512d)x); }
INLINE void store_some(double *p, vec x, int n) { _mm512_mask_storeu_pd(p, (__mmask8)((1 << n) - 1), (__m512d)x); }
#else
#define WIDTH 4
typedef v4 vec;
typedef loose4 loose;
typedef ints4 ints;
INLINE vec all(double x) { return all4(x); }
INLINE vec fused(vec a, vec b, vec c) { return fma4(a, b, c); }
INLINE vec root(vec x) { return (vec)_mm256_sqrt_pd((__m256d)x); }
INLINE void store_some(double *p, vec x, int n) {
  for (int q = 0; q < n; q++) p[q] = x[q];
}
#endif
INLINE vec load(const double *p) { return *(const loose *)p; }
INLINE void store(double *p, vec x) { *(loose *)p = x; }

static long up(long n, long multiple) { return (n + multiple - 1) / multiple * multiple; }
static long least(long a, long b) { return a < b ? a : b; }

static double TANH_TABLE[18][16], TANH_ROWS[16][18]; // numpy's table; transposed
static uint64_t EXP_TABLE[128][2];

// Columns c and c + 1 of those rows of a table that belong to four numbers.
INLINE void columns(const double *table, long width, __m256i rows, long c, v4 *left, v4 *right) {
  const double *row[4];
  UNROLL (int q = 0; q < 4; q++) row[q] = table + ((ints4)rows)[q] * width + c;
  __m256d even = _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(row[0])), _mm_loadu_pd(row[2]), 1);
  __m256d odd = _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(row[1])), _mm_loadu_pd(row[3]), 1);
  *left = (v4)_mm256_unpacklo_pd(even, odd), *right = (v4)_mm256_unpackhi_pd(even, odd);
}

// numpy's tanh (loops_hyperbolic, BSD-3-Clause, after Intel's SVML): a polynomial of degree 16 on each of 16
// intervals. The rows of numpy's table are the intervals' centres and c0, c1, ..., c16.
#define SIGN 0x8000000000000000

INLINE ints interval(vec x) {
  ints place = ((ints)x & 0x7ff8000000000000) - 0x3fc0000000000000;
  place &= ~(place >> 63); // at least 0
  ints most = place > 0x78000000000000;
  return ((place & ~most) | (most & 0x78000000000000)) >> 51;
}
INLINE vec tanh_end(vec x, vec sum) { // beyond the table 1; the sign; not a number
  ints huge = ((ints)x & 0x7ff8000000000000) > 0x7fe0000000000000, none = x != x;
  ints one = (ints)all(1), nan = (ints)all(NAN);
  ints found = ((ints)sum & ~huge) | (one & huge) | ((ints)x & (long)SIGN);
  return (vec)((found & ~none) | (nan & none));
}
#ifdef __AVX512F__
#define TOGETHER 4 // vectors: one is waiting for its last sum while the others are computed
INLINE vec lookup(int c, ints place) {
  __m512d low = _mm512_loadu_pd(TANH_TABLE[c]), high = _mm512_loadu_pd(TANH_TABLE[c] + 8);
  return (vec)_mm512_permutex2var_pd(low, (__m512i)place, high);
}
INLINE void tanh_some(const int vectors, double *values) {
  vec x[TOGETHER], y[TOGETHER], sum[TOGETHER];
  ints place[TOGETHER];
  UNROLL (int v = 0; v < vectors; v++) {
    x[v] = load(values + 8 * v), place[v] = interval(x[v]);
    y[v] = (vec)((ints)x[v] & ~(long)SIGN) - lookup(0, place[v]), sum[v] = lookup(17, place[v]);
  }
  UNROLL (int c = 16; c > 0; c--)
    UNROLL (int v = 0; v < vectors; v++) sum[v] = fused(sum[v], y[v], lookup(c, place[v]));
  UNROLL (int v = 0; v < vectors; v++) store(values + 8 * v, tanh_end(x[v], sum[v]));
}
#else
#define TOGETHER 1
INLINE void tanh_some(int vectors __attribute__((unused)), double *values) {
  vec x = load(values), centre, c0, low, high;
  __m256i place = (__m256i)interval(x);
  columns(TANH_ROWS[0], 18, place, 0, &centre, &c0);
  columns(TANH_ROWS[0], 18, place, 16, &low, &high);
  vec y = (vec)((ints)x & ~(long)SIGN) - centre, sum = fused(high, y, low);
  UNROLL (int c = 14; c > 0; c -= 2) {
    columns(TANH_ROWS[0], 18, place, c, &low, &high);
    sum = fused(fused(sum, y, high), y, low);
  }
  store(values, tanh_end(x, fused(sum, y, c0)));
}
#endif

void tanh_many(long n, double *x) { // to the end of the last vector
  long i = 0;
  for (; i + TOGETHER * WIDTH <= n; i += TOGETHER * WIDTH) tanh_some(TOGETHER, x + i);
  for (; i < n; i += WIDTH) tanh_some(1, x + i);
}

// glibc's exp (e_exp.c, from Arm's optimized routines, MIT), compiled for FMA: 2^(k/128) from a table times a
// polynomial.
INLINE v4 exp4(v4 x) {
  __m256d absolute = _mm256_andnot_pd(_mm256_set1_pd(-0.0), (__m256d)x);
  if (_mm256_movemask_pd(_mm256_cmp_pd(absolute, _mm256_set1_pd(512), _CMP_NLT_UQ)))
    return (v4){exp(x[0]), exp(x[1]), exp(x[2]), exp(x[3])};
  v4 shift = all4(0x1.8p52), k = x * all4(0x1.71547652b82fep0 * 128) + shift, tail, power;
  __m256i bits = (__m256i)k;
  columns((const double *)EXP_TABLE, 2, _mm256_and_si256(bits, _mm256_set1_epi64x(127)), 0, &tail, &power);
  k = k - shift;
  v4 r = fma4(k, all4(-0x1.cf79abc9e3b3ap-47), fma4(k, all4(-0x1.62e42fefa0000p-8), x)), r2 = r * r;
  v4 scale = (v4)_mm256_add_epi64((__m256i)power, _mm256_slli_epi64(bits, 45));
  v4 low = fma4(r, all4(0x1.555555555543cp-3), all4(0x1.ffffffffffdbdp-2));
  v4 high = fma4(r, all4(0x1.1111167a4d017p-7), all4(0x1.55555cf172b91p-5));
  return fma4(scale, fma4(r2 * r2, high, fma4(r2, low, tail + r)), scale);
}
void exp_many(long n, double *x) {
  for (long i = 0; i < n; i += 4) store4(x + i, exp4(load4(x + i)));
}
void expit_many(long n, double *x) {
  for (long i = 0; i < n; i += 4) store4(x + i, all4(1) / (all4(1) + exp4(-load4(x + i))));
}

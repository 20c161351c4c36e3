// One epoch of scikit-learn's MLPClassifier (solvers sgd and adam), with the bits that numpy gives it.
//
// Each sum is taken in the order of the loop that numpy calls: OpenBLAS's Haswell kernels on one thread for
// products, numpy's own loops for sums, tanh and glibc's exp. An element never depends on the vector it
// stands in, so vectors may be cut freely as long as that order stays. Products and sums are rounded apart
// (-ffp-contract=off) unless fma is written. The orders were found by experiment; `probe` in __init__.py
// holds them against scikit-learn at each start.
#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

typedef double v4 __attribute__((vector_size(32)));
typedef double loose __attribute__((vector_size(32), aligned(8)));
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16") for
#define MOST 16 // layers of weights

enum { IDENTITY, LOGISTIC, RELU, TANH };

typedef struct {
  long layers, samples, batch, activation, adam, steps; // steps: taken so far
  const long *units, *weights, *biases;                 // units of each layer; where its parameters begin
  double alpha, rate, momentum, beta_1, beta_2, epsilon;
  const double *X, *Y;        // (samples, units[0]), (samples, units[layers])
  long *order;                // of the samples; each epoch shuffles the order of the last one
  uint32_t (*random)(void *); // the next number of numpy's generator
  void *generator;
  double *theta, *first, *second; // parameters, moments (of sgd the velocity); each weights, then biases
  double *memory;                 // as much as `room` says
} Network;

static double TANH_TABLE[16][18], (*dot)(long, const double *, long, const double *, long);
static uint64_t EXP_TABLE[128][2];
static void (*gemv)(int, int, long, long, double, const double *, long, const double *, long, double,
                    double *, long);

void set_up(const void *tanh_table, const void *exp_table, void *ddot, void *dgemv) {
  memcpy(TANH_TABLE, tanh_table, sizeof TANH_TABLE);
  memcpy(EXP_TABLE, exp_table, sizeof EXP_TABLE);
  dot = ddot, gemv = dgemv;
}

INLINE v4 load(const double *p) { return *(const loose *)p; }
INLINE void store(double *p, v4 x) { *(loose *)p = x; }
INLINE v4 all(double x) { return (v4){x, x, x, x}; }
INLINE v4 fma4(v4 a, v4 b, v4 c) { return (v4)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c); }
INLINE v4 and4(v4 a, __m256d b) { return (v4)_mm256_and_pd((__m256d)a, b); }
INLINE v4 absolute(v4 x) { return (v4)_mm256_andnot_pd(_mm256_set1_pd(-0.0), (__m256d)x); }
INLINE v4 choose(v4 a, v4 b, __m256d mask) { return (v4)_mm256_blendv_pd((__m256d)a, (__m256d)b, mask); }
static long up(long n, long multiple) { return (n + multiple - 1) / multiple * multiple; }
static long least(long a, long b) { return a < b ? a : b; }

// Columns c and c + 1 of the rows of a table that belong to the four numbers.
INLINE void columns(const double *table, long width, const long *row, long c, v4 *left, v4 *right) {
  __m256d even = _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(table + row[0] * width + c)),
                                      _mm_loadu_pd(table + row[2] * width + c), 1);
  __m256d odd = _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(table + row[1] * width + c)),
                                     _mm_loadu_pd(table + row[3] * width + c), 1);
  *left = (v4)_mm256_unpacklo_pd(even, odd), *right = (v4)_mm256_unpackhi_pd(even, odd);
}

// numpy's tanh (loops_hyperbolic, BSD-3-Clause, after Intel's SVML): a polynomial of degree 16 on each of 16
// intervals. A row of the table holds the interval's centre and c0, c1, ..., c16.
INLINE v4 tanh4(v4 x) {
  __m256i bits = _mm256_and_si256((__m256i)x, _mm256_set1_epi64x(0x7ff8000000000000));
  __m256i place = _mm256_sub_epi64(bits, _mm256_set1_epi64x(0x3fc0000000000000));
  place = _mm256_max_epi32(place, _mm256_setzero_si256());
  place = _mm256_srli_epi64(_mm256_min_epi32(place, _mm256_set1_epi32(0x780000)), 51);
  long row[4] = {_mm256_extract_epi64(place, 0), _mm256_extract_epi64(place, 1),
                 _mm256_extract_epi64(place, 2), _mm256_extract_epi64(place, 3)};
  v4 centre, c0, low, high;
  columns(TANH_TABLE[0], 18, row, 0, &centre, &c0);
  columns(TANH_TABLE[0], 18, row, 16, &low, &high);
  v4 y = absolute(x) - centre, sum = fma4(high, y, low);
  UNROLL (long c = 14; c > 0; c -= 2) {
    columns(TANH_TABLE[0], 18, row, c, &low, &high);
    sum = fma4(fma4(sum, y, high), y, low);
  }
  sum = fma4(sum, y, c0);
  __m256i huge = _mm256_cmpgt_epi64(bits, _mm256_set1_epi64x(0x7fe0000000000000));
  sum = choose(sum, all(1), (__m256d)huge);
  sum = (v4)_mm256_or_pd((__m256d)sum, _mm256_and_pd((__m256d)x, _mm256_set1_pd(-0.0)));
  return choose(sum, all(NAN), _mm256_cmp_pd((__m256d)x, (__m256d)x, _CMP_UNORD_Q));
}

// glibc's exp (e_exp.c, from Arm's optimized routines, MIT), compiled for FMA: 2^(k/128) from a table times a
// polynomial.
INLINE v4 exp4(v4 x) {
  if (_mm256_movemask_pd(_mm256_cmp_pd((__m256d)absolute(x), _mm256_set1_pd(512), _CMP_NLT_UQ)))
    return (v4){exp(x[0]), exp(x[1]), exp(x[2]), exp(x[3])};
  v4 shift = all(0x1.8p52), k = x * all(0x1.71547652b82fep0 * 128) + shift;
  __m256i bits = (__m256i)k, place = _mm256_and_si256(bits, _mm256_set1_epi64x(127));
  k = k - shift;
  v4 r = fma4(k, all(-0x1.cf79abc9e3b3ap-47), fma4(k, all(-0x1.62e42fefa0000p-8), x)), r2 = r * r, tail,
     power;
  long row[4] = {_mm256_extract_epi64(place, 0), _mm256_extract_epi64(place, 1),
                 _mm256_extract_epi64(place, 2), _mm256_extract_epi64(place, 3)};
  columns((const double *)EXP_TABLE, 2, row, 0, &tail, &power);
  v4 scale = (v4)_mm256_add_epi64((__m256i)power, _mm256_slli_epi64(bits, 45));
  v4 low = fma4(r, all(0x1.555555555543cp-3), all(0x1.ffffffffffdbdp-2));
  v4 high = fma4(r, all(0x1.1111167a4d017p-7), all(0x1.55555cf172b91p-5));
  return fma4(scale, fma4(r2 * r2, high, fma4(r2, low, tail + r)), scale);
}

void tanh_many(long n, double *x) {
  for (long i = 0; i < n; i += 4) store(x + i, tanh4(load(x + i)));
}
void expit_many(long n, double *x) {
  for (long i = 0; i < n; i += 4) store(x + i, all(1) / (all(1) + exp4(-load(x + i))));
}

// What becomes of an element of a product: its bias is added; or a derivative, from the activation,
// multiplied.
typedef enum { PLAIN, BIAS, BIAS_RELU, RELU_SLOPE, TANH_SLOPE, LOGISTIC_SLOPE } Finish;
INLINE v4 finished(Finish how, v4 x, v4 aside) {
  switch (how) {
  case BIAS: return x + aside;
  case BIAS_RELU: return (v4)_mm256_max_pd(_mm256_setzero_pd(), (__m256d)(x + aside));
  case RELU_SLOPE: return and4(x, _mm256_cmp_pd((__m256d)aside, _mm256_setzero_pd(), _CMP_NEQ_UQ));
  case TANH_SLOPE: return x * (all(1) - aside * aside);
  case LOGISTIC_SLOPE: return (x * aside) * (all(1) - aside);
  default: return x;
  }
}

// A product C = A B of M x K and K x N numbers, A[i * a_row + k * a_column] and so on; rows of C and B are
// contiguous.
// A chain from zero; C's own chain; a chain from zero, added to C.
typedef enum { FROM_ZERO, GO_ON, ADD } Start;
typedef struct {
  long K;
  const double *A;
  long a_row, a_column;
  const double *B;
  long b_row;
  double *C;
  long c_row;
  Start start;
  Finish finish;
  const double *aside;
  long aside_row;
  int last; // how many of the last vector's columns exist
} Block;

// `rows` x `vectors` of C: each element is one chain of fma over k.
INLINE void tile(const int rows, const int vectors, const Block *p, const long a_row, const long a_column,
                 long i) {
  v4 sum[8][3];
  double *C = p->C + i * p->c_row;
  const double *A = p->A + i * a_row, *B = p->B, *aside = p->aside + i * p->aside_row;
  UNROLL (int r = 0; r < rows; r++)
    UNROLL (int j = 0; j < vectors; j++)
      sum[r][j] = p->start == GO_ON ? load(C + r * p->c_row + 4 * j) : all(0);
  for (long k = 0; k < p->K; k++) {
    v4 b[3];
    UNROLL (int j = 0; j < vectors; j++) {
      b[j] = load(B + k * p->b_row + 4 * j);
      __asm__("" : "+x"(b[j])); // kept in a register
    }
    UNROLL (int r = 0; r < rows; r++) {
      v4 a = all(A[r * a_row + k * a_column]);
      UNROLL (int j = 0; j < vectors; j++) sum[r][j] = fma4(a, b[j], sum[r][j]);
    }
  }
  if (p->start == ADD)
    UNROLL (int r = 0; r < rows; r++)
      UNROLL (int j = 0; j < vectors; j++) sum[r][j] = load(C + r * p->c_row + 4 * j) + sum[r][j];
#define FINISH(how)                                                                                          \
  case how:                                                                                                  \
    UNROLL (int r = 0; r < rows; r++)                                                                        \
      UNROLL (int j = 0; j < vectors; j++)                                                                   \
        sum[r][j] = finished(how, sum[r][j], load(aside + r * p->aside_row + 4 * j));                        \
    break;
  switch (p->finish) {
    FINISH(BIAS)
    FINISH(BIAS_RELU)
    FINISH(RELU_SLOPE)
    FINISH(TANH_SLOPE)
    FINISH(LOGISTIC_SLOPE)
  default: break;
  }
  UNROLL (int r = 0; r < rows; r++)
    UNROLL (int j = 0; j < vectors; j++) {
      double *c = C + r * p->c_row + 4 * j;
      if (j < vectors - 1 || p->last == 4) store(c, sum[r][j]);
      else
        for (int q = 0; q < p->last; q++) c[q] = sum[r][j][q];
    }
}

// The last of an odd number of rows, in whole groups of four columns: OpenBLAS takes four chains, in turn.
static void odd_row(int vectors, const Block *p) {
  long groups = p->K & ~7L;
  for (int j = 0; j < vectors; j++) {
    v4 s[4] = {{0}, {0}, {0}, {0}};
    const double *b = p->B + 4 * j;
    for (long k = 0; k < groups; k++)
      s[k & 3] = fma4(all(p->A[k * p->a_column]), load(b + k * p->b_row), s[k & 3]);
    for (long k = groups; k < p->K; k++)
      s[0] = fma4(all(p->A[k * p->a_column]), load(b + k * p->b_row), s[0]);
    v4 x = (s[0] + s[1]) + (s[2] + s[3]);
    if (p->start == ADD) x = load(p->C + 4 * j) + x;
    store(p->C + 4 * j, finished(p->finish, x, p->finish ? load(p->aside + 4 * j) : x));
  }
}

INLINE void strip(const int vectors, const int most, long rows, const Block *p, const long a_row,
                  const long a_column) {
  long i = 0;
  for (; i + most <= rows; i += most) tile(most, vectors, p, a_row, a_column, i);
  if (most > 4 && i + 4 <= rows) tile(4, vectors, p, a_row, a_column, i), i += 4;
  switch (rows - i) {
  case 3: tile(3, vectors, p, a_row, a_column, i); break;
  case 2: tile(2, vectors, p, a_row, a_column, i); break;
  case 1: tile(1, vectors, p, a_row, a_column, i); break;
  }
}

// A strip of C, one to three vectors wide.
static void wide(int vectors, long rows, const Block *p) {
#define WIDE(a_row, a_column)                                                                                \
  switch (vectors) {                                                                                         \
  case 3: strip(3, 4, rows, p, a_row, a_column); break;                                                      \
  case 2: strip(2, 4, rows, p, a_row, a_column); break;                                                      \
  default: strip(1, 8, rows, p, a_row, a_column);                                                            \
  }
  if (p->a_column == 1) {
    WIDE(p->a_row, 1)
  } else {
    WIDE(1, p->a_column)
  }
}

// The last row of an odd number, in a strip that begins at column j of N.
static void last_row(int vectors, long row, long j, long N, Block p) {
  int whole = (int)(N / 4 * 4 > j ? least((N / 4 * 4 - j) / 4, vectors) : 0);
  p.A += row * p.a_row, p.C += row * p.c_row, p.aside += row * p.aside_row;
  odd_row(whole, &p);
  if (whole < vectors) { // columns that fill no vector take one chain
    p.B += 4 * whole, p.C += 4 * whole, p.aside += 4 * whole;
    tile(1, 1, &p, p.a_row, p.a_column, 0);
  }
}

// Copy `have` columns of B, from column j and row k on, side by side for a strip of `wide` columns; zeros
// beyond.
static void pack(int turned, long K, long wide, long have, const double *B, long ldb, long k, long j,
                 double *out) {
  const double *b = turned ? B + j * ldb + k : B + k * ldb + j;
  for (long q = 0; q < wide; q += 4) {
    long r = 0;
    if (turned && q + 4 <= have)
      for (const double *s = b + q * ldb; r + 4 <= K; r += 4) { // four by four, transposed
        __m256d s0 = _mm256_loadu_pd(s + r), s1 = _mm256_loadu_pd(s + ldb + r),
                s2 = _mm256_loadu_pd(s + 2 * ldb + r), s3 = _mm256_loadu_pd(s + 3 * ldb + r);
        __m256d t0 = _mm256_unpacklo_pd(s0, s1), t1 = _mm256_unpackhi_pd(s0, s1),
                t2 = _mm256_unpacklo_pd(s2, s3), t3 = _mm256_unpackhi_pd(s2, s3);
        _mm256_storeu_pd(out + r * wide + q, _mm256_permute2f128_pd(t0, t2, 0x20));
        _mm256_storeu_pd(out + (r + 1) * wide + q, _mm256_permute2f128_pd(t1, t3, 0x20));
        _mm256_storeu_pd(out + (r + 2) * wide + q, _mm256_permute2f128_pd(t0, t2, 0x31));
        _mm256_storeu_pd(out + (r + 3) * wide + q, _mm256_permute2f128_pd(t1, t3, 0x31));
      }
    else if (q + 4 <= have)
      for (; r < K; r++) store(out + r * wide + q, load(b + r * ldb + q));
    for (; r < K; r++)
      for (long c = q; c < q + 4; c++)
        out[r * wide + c] = c >= have ? 0 : turned ? b[c * ldb + r] : b[r * ldb + c];
  }
}

typedef enum { FORWARD, UPWARD, GRADIENT } Kind; // A B; A B'; A' B
typedef struct {
  Kind kind;
  long M, N, K;
  const double *A;
  long lda;
  const double *B;
  long ldb;
  double *C;
  long ldc;
  Finish finish;
  const double *aside;
  long aside_row;
} Product;

#define AT_ONCE 32 // rows of A that stay in the first cache
#define DEEP 256   // OpenBLAS cuts K: a block is summed from zero and added
static long depth(long left) { return left >= 2 * DEEP ? DEEP : left > DEEP ? (left / 2 + 3) / 4 * 4 : left; }
static int width(long left) {
  return left == 4 ? 2 : (int)least(left, 3);
} // vectors in the next strip: 3 3 ... 2 2

static void multiply(const Product *p, double *packed) {
  int gradient = p->kind == GRADIENT;
  long even = p->M & ~1L, vectors = (p->N + 3) / 4, shallow = gradient ? 104 : p->K;
  Block b = {
      .a_row = gradient ? 1 : p->lda, .a_column = gradient ? p->lda : 1, .b_row = p->ldb, .c_row = p->ldc};
  for (long k = 0, K; k < p->K; k += K) {
    K = depth(p->K - k);
    Start start = k ? ADD : FROM_ZERO;
    Finish finish = k + K == p->K ? p->finish : PLAIN;
    int copy = p->kind == UPWARD || (p->kind == FORWARD && p->M >= 16 && p->K > 4), w;
    if (copy)
      for (long v = 0; v < vectors; v += w) {
        w = width(vectors - v);
        pack(p->kind == UPWARD, K, 4 * w, least(p->N - 4 * v, 4 * w), p->B, p->ldb, k, 4 * v,
             packed + 4 * v * K);
      }
    for (long i = 0; i < p->M; i += gradient ? p->M : AT_ONCE) {
      long rows = gradient ? even : least(even - i, AT_ONCE);
      int odd = (p->M & 1) && i + AT_ONCE >= p->M;
      for (long v = 0; v < vectors; v += w) {
        w = width(vectors - v);
        b.B = copy ? packed + 4 * v * K : p->B + k * p->ldb + 4 * v;
        if (copy) b.b_row = 4 * w;
        b.C = p->C + 4 * v, b.A = p->A + k * b.a_column;
        b.last = p->ldc == p->N && v + w == vectors && (p->N & 3) ? (int)(p->N & 3) : 4;
        b.aside = p->aside ? p->aside + 4 * v : 0, b.aside_row = p->aside_row;
        Block part = b;
        part.A += i * b.a_row, part.C += i * b.c_row, part.aside += i * b.aside_row;
        long step = start == FROM_ZERO ? shallow : K; // a chain may be interrupted where it is C's own
        for (long c = 0; c < K; c += step) {
          part.K = least(step, K - c), part.start = c ? GO_ON : start;
          part.finish = c + step >= K ? finish : PLAIN;
          wide(w, rows, &part);
          part.A += step * b.a_column, part.B += step * b.b_row;
        }
        if (gradient ? p->M & 1 : odd) {
          b.K = K, b.start = start, b.finish = finish;
          last_row(w, p->M - 1, 4 * v, p->N, b);
        }
      }
    }
  }
}

// As np.matmul chooses: a dot product, a matrix with a vector, its own loop (one factor, one product) or all
// else.
static void matmul(Product p, double *packed) {
  int one_row = p.M == 1, one_column = p.N == 1, turned = one_column ? p.kind != GRADIENT : p.kind == UPWARD;
  if (p.K == 1 || (!one_row && !one_column)) {
    multiply(&p, packed);
    return;
  }
  const double *matrix = one_column ? p.A : p.B, *vector = one_column ? p.B : p.A;
  long ld = one_column ? p.lda : p.ldb, outs = one_column ? p.M : p.N;
  if (one_row && one_column) p.C[0] = dot(p.K, p.A, 1, p.B, 1);
  else gemv(turned ? 102 : 101, 112, p.K, outs, 1.0, matrix, ld, vector, 1, 0.0, p.C, 1);
  for (long i = 0; p.finish && i < outs; i++) {
    const double *aside = p.aside + (one_column ? i * p.aside_row : i);
    p.C[i] = finished(p.finish, all(p.C[i]), all(*aside))[0];
  }
}

static double pairwise(const double *a, long n) { // numpy's sum of contiguous numbers
  double s = 0, r[8];
  if (n > 128) return pairwise(a, n / 16 * 8) + pairwise(a + n / 16 * 8, n - n / 16 * 8);
  long i = n < 8 ? 0 : n & ~7L;
  if (i) {
    memcpy(r, a, sizeof r);
    for (long k = 8; k < i; k += 8)
      for (int q = 0; q < 8; q++) r[q] += a[k + q];
    s = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
  }
  for (; i < n; i++) s += a[i];
  return s;
}

static void sum_rows(long rows, long stride, const double *a,
                     double *sums) { // numpy's sum over axis 0: in order
  for (long q = 0; q < stride;) {
    if (stride - q >= 16) {
      v4 s0 = load(a + q), s1 = load(a + q + 4), s2 = load(a + q + 8), s3 = load(a + q + 12);
      for (const double *r = a + q + stride; r < a + rows * stride; r += stride)
        s0 += load(r), s1 += load(r + 4), s2 += load(r + 8), s3 += load(r + 12);
      store(sums + q, s0), store(sums + q + 4, s1), store(sums + q + 8, s2), store(sums + q + 12, s3);
      q += 16;
    } else {
      v4 s = load(a + q);
      for (const double *r = a + q + stride; r < a + rows * stride; r += stride) s += load(r);
      store(sums + q, s);
      q += 4;
    }
  }
}

typedef struct { // of a mini-batch; a row of units is padded to whole vectors where it is wider than one
  double *A[MOST + 1], *D[MOST + 1], *Y, *terms, *gradient, *packed;
  long row[MOST + 1], parameters, penalised, size;
} Buffers;

static Buffers buffers(const Network *n) {
  Buffers b = {0};
  long widest = 0, at = 0, most = n->batch + 8, L = n->layers;
  for (long l = 0; l <= L; l++) {
    widest = n->units[l] > widest ? n->units[l] : widest;
    b.row[l] = l == 0 || n->units[l] < 4 ? n->units[l] : up(n->units[l], 4);
  }
  b.penalised = n->biases[0], b.parameters = n->biases[L - 1] + up(n->units[L], 8);
#define TAKE(pointer, count) (pointer) = n->memory + at, at += up(count, 8)
  for (long l = 0; l <= L; l++) TAKE(b.A[l], b.row[l] * most), TAKE(b.D[l], b.row[l] * most);
  TAKE(b.Y, most * n->units[L]), TAKE(b.terms, most * n->units[L]);
  TAKE(b.gradient, b.parameters + 64), TAKE(b.packed, DEEP * (widest + 16));
  b.size = at;
  return b;
}
long room(const Network *n) { return buffers(n).size; } // in numbers

static void activate(long activation, long n, double *A) {
  if (activation == TANH) tanh_many(n, A);
  if (activation == LOGISTIC) expit_many(n, A);
}

static void forward(const Network *n, Buffers *b,
                    long rows) { // _forward_pass, up to the outputs' own function
  for (long l = 0; l < n->layers; l++) {
    int hidden = l < n->layers - 1;
    matmul((Product){FORWARD, rows, n->units[l + 1], n->units[l], b->A[l], b->row[l],
                     n->theta + n->weights[l], n->units[l + 1], b->A[l + 1], b->row[l + 1],
                     hidden && n->activation == RELU ? BIAS_RELU : BIAS, n->theta + n->biases[l], 0},
           b->packed);
    if (hidden) activate(n->activation, rows * b->row[l + 1], b->A[l + 1]);
  }
}

static double likely(double p) { // clipped as log_loss does
  const double tiny = 0x1p-52;
  return p < tiny ? tiny : p > 1 - tiny ? 1 - tiny : p;
}

static double loss(const Network *n, Buffers *b, long rows) { // of the data; the outputs' deltas, too
  long L = n->layers, outputs = n->units[L], row = b->row[L];
  double *out = b->A[L], *delta = b->D[L], *terms = b->terms;
  if (outputs == 1) {
    expit_many(rows, out);
    for (long i = 0; i < rows; i++) {
      double p = likely(out[i]);
      terms[i] = log(b->Y[i] ? p : 1 - p);
      delta[i] = out[i] - b->Y[i];
    }
    return -(pairwise(terms, rows) / (double)rows);
  }
  for (long i = 0; i < rows; i++) {
    double *o = out + i * row, top = o[0];
    for (long q = 1; q < outputs; q++) top = o[q] > top ? o[q] : top;
    for (long q = 0; q < outputs; q++) o[q] -= top;
  }
  for (long i = 0; i < rows * row; i += 4) store(out + i, exp4(load(out + i)));
  for (long i = 0; i < rows; i++) {
    double *o = out + i * row, whole = pairwise(o, outputs);
    for (long q = 0; q < outputs; q++) {
      double p = o[q] / whole, y = b->Y[i * outputs + q];
      delta[i * row + q] = p - y;
      terms[i * outputs + q] = y ? log(likely(p)) : 0;
    }
  }
  for (long i = 1; i < rows; i++)
    for (long q = 0; q < outputs; q++) terms[q] += terms[i * outputs + q];
  for (long q = 0; q < outputs; q++) terms[q] /= (double)rows;
  return -pairwise(terms, outputs);
}

static void backward(const Network *n, Buffers *b, long rows) { // _backprop, before the penalty and the mean
  const Finish slopes[] = {PLAIN, LOGISTIC_SLOPE, RELU_SLOPE, TANH_SLOPE};
  for (long l = n->layers - 1; l >= 0; l--) {
    long above = n->units[l + 1], below = n->units[l];
    double *delta = b->D[l + 1];
    matmul((Product){GRADIENT, below, above, rows, b->A[l], b->row[l], delta, b->row[l + 1],
                     b->gradient + n->weights[l], above, PLAIN, 0, 0},
           b->packed);
    if (above == 1) b->gradient[n->biases[l]] = pairwise(delta, rows);
    else sum_rows(rows, b->row[l + 1], delta, b->gradient + n->biases[l]);
    if (l)
      matmul((Product){UPWARD, rows, below, above, delta, b->row[l + 1], n->theta + n->weights[l], above,
                       b->D[l], b->row[l], slopes[n->activation], b->A[l], b->row[l]},
             b->packed);
  }
}

// The gradient's mean over `rows`; times the inverse of a power of two, which is exact and faster.
#define MEAN_GRADIENT                                                                                        \
  v4 t = load(n->theta + i), g = load(b->gradient + i);                                                      \
  if (i < b->penalised) g = g + t * all(n->alpha);                                                           \
  g = exact ? g * all(inverse) : g / all((double)rows);

static void step(Network *n, const Buffers *b, long rows) { // _get_updates of AdamOptimizer or SGDOptimizer
  int exact = (rows & (rows - 1)) == 0;
  double inverse = 1.0 / (double)rows, taken = (double)++n->steps;
  if (n->adam) {
    v4 b1 = all(n->beta_1), b2 = all(n->beta_2), c1 = all(1 - n->beta_1), c2 = all(1 - n->beta_2);
    double rate = n->rate * sqrt(1 - pow(n->beta_2, taken)) / (1 - pow(n->beta_1, taken));
    for (long i = 0; i < b->parameters; i += 4) {
      MEAN_GRADIENT
      v4 m = load(n->first + i) * b1 + g * c1, v = load(n->second + i) * b2 + (g * g) * c2;
      store(n->first + i, m), store(n->second + i, v);
      store(n->theta + i, t + (m * all(-rate)) / ((v4)_mm256_sqrt_pd((__m256d)v) + all(n->epsilon)));
    }
  } else {
    v4 momentum = all(n->momentum), rate = all(n->rate);
    for (long i = 0; i < b->parameters; i += 4) {
      MEAN_GRADIENT
      g = g * rate;
      v4 velocity = load(n->first + i) * momentum - g;
      store(n->first + i, velocity), store(n->theta + i, t + (velocity * momentum - g));
    }
  }
}

static void shuffle(const Network *n,
                    long *next) { // sklearn.utils.shuffle: RandomState.shuffle of the places
  for (long i = 0; i < n->samples; i++) next[i] = i;
  for (long i = n->samples - 1; i > 0; i--) {
    uint64_t mask = ~0ull >> __builtin_clzll((uint64_t)i);
    long j, here = next[i];
    do j = (long)(n->random(n->generator) & mask);
    while (j > i);
    next[i] = next[j], next[j] = here;
  }
  for (long i = 0; i < n->samples; i++) next[i] = n->order[next[i]];
  memcpy(n->order, next, (size_t)n->samples * sizeof *next);
}

// Train for one epoch and return its mean loss.
double epoch(Network *n, long *scratch) {
  Buffers b = buffers(n);
  long features = n->units[0], outputs = n->units[n->layers];
  double total = 0;
  shuffle(n, scratch);
  for (long s = 0, rows; s < n->samples; s += rows) {
    rows = least(n->batch, n->samples - s);
    for (long i = 0; i < rows; i++) {
      const double *x = n->X + n->order[s + i] * features, *y = n->Y + n->order[s + i] * outputs;
      for (long q = 0; q < features; q++) b.A[0][i * features + q] = x[q];
      for (long q = 0; q < outputs; q++) b.Y[i * outputs + q] = y[q];
    }
    forward(n, &b, rows);
    double of_data = loss(n, &b, rows), squares = 0;
    for (long l = 0; l < n->layers; l++) {
      const double *w = n->theta + n->weights[l];
      squares += dot(n->units[l] * n->units[l + 1], w, 1, w, 1);
    }
    total += (of_data + 0.5 * n->alpha * squares / (double)rows) * (double)rows;
    backward(n, &b, rows);
    step(n, &b, rows);
  }
  return total / (double)n->samples;
}

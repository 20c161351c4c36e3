// Matrix products with the bits of numpy's: the summation orders of OpenBLAS's Haswell kernels on one thread.
#include "vectors.h"

static double (*dot)(long, const double *, long, const double *, long);
static void (*gemv)(int, int, long, long, double, const double *, long, const double *, long, double,
                    double *, long);

// What becomes of an element of a product: its bias is added, or a derivative multiplied that follows from
// the activation.
typedef enum { PLAIN, BIAS, BIAS_RELU, RELU_SLOPE, TANH_SLOPE, LOGISTIC_SLOPE } Finish;
INLINE vec finished(Finish how, vec x, vec aside) {
  switch (how) {
  case BIAS: return x + aside;
  case BIAS_RELU: return (vec)((ints)(x + aside) & ~(x + aside < 0));
  case RELU_SLOPE: return (vec)((ints)x & (aside != 0));
  case TANH_SLOPE: return x * (all(1) - aside * aside);
  case LOGISTIC_SLOPE: return (x * aside) * (all(1) - aside);
  default: return x;
  }
}

typedef struct { // C = A B or A B', or a part of it: some rows, some columns, some k
  long M, N, K;  // C is M x N, sums are over K
  const double *A;
  long a_row, a_column; // one of them is 1: A may be a transpose
  const double *B;
  long b_row;
  double *C;
  long c_row;
  int transposed; // B', of which B has the rows
  Finish finish;
  const double *aside;
  long aside_row;
  int add;  // to what is in C
  int last; // how many of the last vector's columns exist
} Product;

// `rows` x `vectors` of C from row i on.
INLINE void tile(const int rows, const int vectors, const Product *p, long i) {
  vec sum[8][3];
  double *C = p->C + i * p->c_row;
  const double *A = p->A + i * p->a_row, *B = p->B;
  UNROLL (int r = 0; r < rows; r++)
    UNROLL (int j = 0; j < vectors; j++) sum[r][j] = all(0);
  for (long k = 0; k < p->K; k++) {
    vec b[3];
    UNROLL (int j = 0; j < vectors; j++) {
      b[j] = load(B + k * p->b_row + WIDTH * j);
      __asm__("" : "+v"(b[j])); // kept in a register
    }
    UNROLL (int r = 0; r < rows; r++) {
      vec a = all(A[r * p->a_row + k * p->a_column]);
      UNROLL (int j = 0; j < vectors; j++) sum[r][j] = fused(a, b[j], sum[r][j]);
    }
  }
  UNROLL (int r = 0; r < rows; r++)
    UNROLL (int j = 0; j < vectors; j++) {
      double *c = C + r * p->c_row + WIDTH * j;
      vec x = p->add ? load(c) + sum[r][j] : sum[r][j];
      if (j < vectors - 1 || p->last == WIDTH) store(c, x);
      else store_some(c, x, p->last);
    }
}

// An even number of rows of C, one to three vectors wide.
#define TALL (WIDTH == 8 ? 8 : 4) // rows of a tile: its sums fill the registers
INLINE void strip(const int vectors, const int most, long rows, const Product *p) {
  long i = 0;
  for (; i + most <= rows; i += most) tile(most, vectors, p, i);
  if (most > 4 && i + 4 <= rows) tile(4, vectors, p, i), i += 4;
  if (i < rows) tile(2, vectors, p, i);
}
static void even_rows(int vectors, long rows, const Product *p) {
  if (vectors == 3) strip(3, TALL, rows, p);
  else if (vectors == 2) strip(2, TALL, rows, p);
  else strip(1, 8, rows, p);
}

// The last of an odd number of rows, of which `columns` are left: in whole groups of four OpenBLAS takes four
// chains, in turn.
static void odd_row(long columns, Product p) {
  for (long groups = p.K & ~7L, k; columns >= 4; columns -= 4, p.B += 4, p.C += 4) {
    v4 s[4] = {{0}, {0}, {0}, {0}};
    for (k = 0; k < groups; k += 4)
      UNROLL (int c = 0; c < 4; c++)
        s[c] = fma4(all4(p.A[(k + c) * p.a_column]), load4(p.B + (k + c) * p.b_row), s[c]);
    for (; k < p.K; k++) s[0] = fma4(all4(p.A[k * p.a_column]), load4(p.B + k * p.b_row), s[0]);
    v4 x = (s[0] + s[1]) + (s[2] + s[3]);
    store4(p.C, p.add ? load4(p.C) + x : x);
  }
  p.last = (int)columns;
  if (columns) tile(1, 1, &p, 0);
}

// Copy columns of B' side by side for a strip of `wide`, of which `have` exist; zeros beyond.
static void pack(long K, long wide, long have, const double *B, long b_row, double *out) {
  for (long q = 0; q < wide; q += 4, B += 4 * b_row) {
    long r = 0;
    for (; q + 4 <= have && r + 4 <= K; r += 4) { // four by four, transposed
      __m256d s0 = _mm256_loadu_pd(B + r), s1 = _mm256_loadu_pd(B + b_row + r),
              s2 = _mm256_loadu_pd(B + 2 * b_row + r), s3 = _mm256_loadu_pd(B + 3 * b_row + r);
      __m256d t0 = _mm256_unpacklo_pd(s0, s1), t1 = _mm256_unpackhi_pd(s0, s1),
              t2 = _mm256_unpacklo_pd(s2, s3), t3 = _mm256_unpackhi_pd(s2, s3);
      double *to = out + r * wide + q;
      _mm256_storeu_pd(to, _mm256_permute2f128_pd(t0, t2, 0x20));
      _mm256_storeu_pd(to + wide, _mm256_permute2f128_pd(t1, t3, 0x20));
      _mm256_storeu_pd(to + 2 * wide, _mm256_permute2f128_pd(t0, t2, 0x31));
      _mm256_storeu_pd(to + 3 * wide, _mm256_permute2f128_pd(t1, t3, 0x31));
    }
    for (; r < K; r++)
      for (long c = 0; c < 4; c++) out[r * wide + q + c] = q + c < have ? B[c * b_row + r] : 0;
  }
}

INLINE void finish_as(Finish how, const Product *p, long from, long to) {
  for (long i = from; i < to; i++)
    for (long j = 0; j < p->N; j += WIDTH) {
      double *c = p->C + i * p->c_row + j;
      vec x = finished(how, load(c), load(p->aside + i * p->aside_row + j));
      if (p->N - j < WIDTH) store_some(c, x, (int)(p->N - j));
      else store(c, x);
    }
}
static void finish_rows(const Product *p, long from, long to) { // a loop for each, not a choice for each element
  switch (p->finish) {
  case PLAIN: break;
  case BIAS: finish_as(BIAS, p, from, to); break;
  case BIAS_RELU: finish_as(BIAS_RELU, p, from, to); break;
  case RELU_SLOPE: finish_as(RELU_SLOPE, p, from, to); break;
  case TANH_SLOPE: finish_as(TANH_SLOPE, p, from, to); break;
  case LOGISTIC_SLOPE: finish_as(LOGISTIC_SLOPE, p, from, to); break;
  }
}

#define AT_ONCE 128 // rows of A that stay in the second cache
#define DEEP 256    // OpenBLAS cuts K: a block is summed from zero and added
static long depth(long left) { return left >= 2 * DEEP ? DEEP : left > DEEP ? (left / 2 + 3) / 4 * 4 : left; }
static int width(long left) { return left == 4 ? 2 : (int)least(left, 3); } // of the next strip: 3 3 ... 2 2

static void multiply(const Product *p, double *packed) {
  long vectors = up(p->N, WIDTH) / WIDTH;
  int copy = p->transposed, w; // side by side, else columns of B' are far apart
  for (long k = 0, K; k < p->K; k += K) {
    K = depth(p->K - k);
    for (long v = 0; copy && v < vectors; v += w) {
      w = width(vectors - v);
      pack(K, WIDTH * w, least(p->N - WIDTH * v, WIDTH * w), p->B + WIDTH * v * p->b_row + k, p->b_row,
           packed + WIDTH * v * K);
    }
    for (long i = 0; i < p->M; i += AT_ONCE) {
      long rows = least(p->M - i, AT_ONCE);
      for (long v = 0; v < vectors; v += w) {
        w = width(vectors - v);
        int cut = v + w == vectors && p->c_row < WIDTH * vectors;
        Product part = *p;
        part.add = k > 0, part.K = K, part.last = cut ? (int)(p->N - WIDTH * (vectors - 1)) : WIDTH;
        part.A += i * p->a_row + k * p->a_column, part.C += i * p->c_row + WIDTH * v;
        part.B = copy ? packed + WIDTH * v * K : p->B + k * p->b_row + WIDTH * v;
        part.b_row = copy ? WIDTH * w : p->b_row;
        even_rows(w, rows & ~1L, &part);
        part.A += (rows - 1) * p->a_row, part.C += (rows - 1) * p->c_row;
        if (rows & 1) odd_row(least(p->N - WIDTH * v, WIDTH * w), part);
      }
      if (k + K == p->K) finish_rows(p, i, i + rows);
    }
  }
}

// As np.matmul chooses: a dot product, a matrix with a vector, its own loop (one factor) or all else.
static void matmul(Product p, double *packed) {
  int one_row = p.M == 1, one_column = p.N == 1, turned = one_column ? p.a_column == 1 : p.transposed;
  if (p.K == 1 || (!one_row && !one_column)) {
    multiply(&p, packed);
    return;
  }
  const double *matrix = one_column ? p.A : p.B, *vector = one_column ? p.B : p.A;
  long row = !one_column ? p.b_row : turned ? p.a_row : p.a_column, outs = one_column ? p.M : p.N;
  if (one_row && one_column) p.C[0] = dot(p.K, p.A, 1, p.B, 1);
  else gemv(turned ? 102 : 101, 112, p.K, outs, 1.0, matrix, row, vector, 1, 0.0, p.C, 1);
  for (long i = 0; p.finish && i < outs; i++) {
    const double *aside = p.aside + (one_column ? i * p.aside_row : i);
    p.C[i] = finished(p.finish, all(p.C[i]), all(*aside))[0];
  }
}

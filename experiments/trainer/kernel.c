// One epoch of scikit-learn's MLPClassifier (solvers sgd and adam), with the bits that numpy gives it.
//
// Each sum is taken in the order of the loop that numpy calls: OpenBLAS's Haswell kernels on one thread for
// products, numpy's own loops for sums, tanh and glibc's exp. Products and sums are rounded apart
// (-ffp-contract=off) unless fma is written. The orders were found by experiment; `probe` in __init__.py
// holds them against scikit-learn at each start.
#include "products.h"

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

int has_vectors_of_eight(void) { // whether this CPU does
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
}

void set_up(const void *tanh_table, const void *exp_table, void *ddot, void *dgemv) {
  memcpy(TANH_TABLE, tanh_table, sizeof TANH_TABLE), memcpy(EXP_TABLE, exp_table, sizeof EXP_TABLE);
  for (int c = 0; c < 18; c++)
    for (int i = 0; i < 16; i++) TANH_ROWS[i][c] = TANH_TABLE[c][i];
  dot = ddot, gemv = dgemv;
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

static void sum_rows(long rows, long row, const double *a, double *sums) { // numpy's sum over axis 0: in order
  memcpy(sums, a, (size_t)row * sizeof *a);
  for (a += row; --rows > 0; a += row)
    for (long q = 0; q < row; q++) sums[q] += a[q];
}

typedef struct { // of a mini-batch; rows of units are padded to whole vectors
  double *A[MOST + 1], *D[MOST + 1], *Y, *terms, *gradient, *packed;
  long row[MOST + 1], parameters, penalised, size;
} Buffers;

static Buffers buffers(const Network *n) {
  Buffers b = {0};
  long widest = 0, at = 0, most = n->batch + 8, L = n->layers;
  for (long l = 0; l <= L; l++) {
    widest = n->units[l] > widest ? n->units[l] : widest;
    b.row[l] = l == 0 || n->units[l] < 4 ? n->units[l] : up(n->units[l], WIDTH); // gemv has sums for rows of 2 and 3
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
  exp_many(rows * row, out);
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
  vec t = load(n->theta + i), g = load(b->gradient + i);                                                      \
  if (i < b->penalised) g = g + t * all(n->alpha);                                                           \
  g = exact ? g * all(inverse) : g / all((double)rows);

static void step(Network *n, const Buffers *b, long rows) { // _get_updates of AdamOptimizer or SGDOptimizer
  int exact = (rows & (rows - 1)) == 0;
  double inverse = 1.0 / (double)rows, taken = (double)++n->steps;
  if (n->adam) {
    vec b1 = all(n->beta_1), b2 = all(n->beta_2), c1 = all(1 - n->beta_1), c2 = all(1 - n->beta_2);
    double rate = n->rate * sqrt(1 - pow(n->beta_2, taken)) / (1 - pow(n->beta_1, taken));
    for (long i = 0; i < b->parameters; i += WIDTH) {
      MEAN_GRADIENT
      vec m = load(n->first + i) * b1 + g * c1, v = load(n->second + i) * b2 + (g * g) * c2;
      store(n->first + i, m), store(n->second + i, v);
      store(n->theta + i, t + (m * all(-rate)) / (root(v) + all(n->epsilon)));
    }
  } else {
    vec momentum = all(n->momentum), rate = all(n->rate);
    for (long i = 0; i < b->parameters; i += WIDTH) {
      MEAN_GRADIENT
      g = g * rate;
      vec velocity = load(n->first + i) * momentum - g;
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

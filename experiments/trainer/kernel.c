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

static void forward(const Network *n, Buffers *b, long rows) { // _forward_pass, up to the outputs' own function
  for (long l = 0; l < n->layers; l++) {
    int hidden = l < n->layers - 1;
    long above = n->units[l + 1], size = rows * b->row[l + 1];
    Product product = {.M = rows, .N = above, .K = n->units[l],
                       .A = b->A[l], .a_row = b->row[l], .a_column = 1,
                       .B = n->theta + n->weights[l], .b_row = above,
                       .C = b->A[l + 1], .c_row = b->row[l + 1],
                       .finish = hidden && n->activation == RELU ? BIAS_RELU : BIAS,
                       .aside = n->theta + n->biases[l]};
    matmul(product, b->packed);
    if (hidden && n->activation == TANH) tanh_many(size, b->A[l + 1]);
    if (hidden && n->activation == LOGISTIC) expit_many(size, b->A[l + 1]);
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
    Product gradient = {.M = below, .N = above, .K = rows,
                        .A = b->A[l], .a_row = 1, .a_column = b->row[l],
                        .B = delta, .b_row = b->row[l + 1],
                        .C = b->gradient + n->weights[l], .c_row = above};
    matmul(gradient, b->packed);
    if (above == 1) b->gradient[n->biases[l]] = pairwise(delta, rows);
    else sum_rows(rows, b->row[l + 1], delta, b->gradient + n->biases[l]);
    Product upward = {.M = rows, .N = below, .K = above,
                      .A = delta, .a_row = b->row[l + 1], .a_column = 1,
                      .B = n->theta + n->weights[l], .b_row = above, .transposed = 1,
                      .C = b->D[l], .c_row = b->row[l],
                      .finish = slopes[n->activation], .aside = b->A[l], .aside_row = b->row[l]};
    if (l) matmul(upward, b->packed);
  }
}

static void step(Network *n, const Buffers *b, long rows) { // _get_updates of AdamOptimizer or SGDOptimizer
  int exact = (rows & (rows - 1)) == 0; // then the inverse is, too, and a product is faster
  double taken = (double)++n->steps;
  double corrected = n->rate * sqrt(1 - pow(n->beta_2, taken)) / (1 - pow(n->beta_1, taken));
  vec inverse = all(1.0 / (double)rows), momentum = all(n->momentum), rate = all(n->rate);
  vec b1 = all(n->beta_1), b2 = all(n->beta_2), c1 = all(1 - n->beta_1), c2 = all(1 - n->beta_2);
  for (long i = 0; i < b->parameters; i += WIDTH) {
    vec t = load(n->theta + i), g = load(b->gradient + i), m = load(n->first + i);
    if (i < b->penalised) g = g + t * all(n->alpha);
    g = exact ? g * inverse : g / all((double)rows);
    if (n->adam) {
      vec v = load(n->second + i) * b2 + (g * g) * c2;
      m = m * b1 + g * c1, t = t + (m * all(-corrected)) / (root(v) + all(n->epsilon));
      store(n->second + i, v);
    } else {
      g = g * rate, m = m * momentum - g, t = t + (m * momentum - g);
    }
    store(n->first + i, m), store(n->theta + i, t);
  }
}

static void shuffle(const Network *n) { // sklearn.utils.shuffle: as RandomState.shuffle of the places
  for (long i = n->samples - 1; i > 0; i--) {
    uint64_t mask = ~0ull >> __builtin_clzll((uint64_t)i);
    long j, here = n->order[i];
    do j = (long)(n->random(n->generator) & mask);
    while (j > i);
    n->order[i] = n->order[j], n->order[j] = here;
  }
}

// Train for one epoch and return its mean loss.
double epoch(Network *n) {
  Buffers b = buffers(n);
  long features = n->units[0], outputs = n->units[n->layers];
  double total = 0;
  shuffle(n);
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

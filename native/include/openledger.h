/*
 * The native core's C interface.
 *
 * Handles: a model and an adapter are immutable and may be shared by any number of threads; a session owns a thread
 * pool (and a device); a trainer holds weights and optimizer state; a job runs on threads of its own from start to end.
 * Jobs keep what they use alive, so handles may be destroyed in any order; destroying a running job cancels it and
 * waits for the micro-batch in hand.
 *
 * Every call returns OL_OK or an error status; ol_error_text() then says what was wrong, per calling thread. Buffers
 * belong to the caller, sizes are in elements, and inputs are copied before a start function returns.
 */
#ifndef OPENLEDGER_H
#define OPENLEDGER_H
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  OL_OK = 0,
  OL_ERROR_ARGUMENT = 1,    /* a size, range or combination of arguments */
  OL_ERROR_CONFIG = 2,      /* a model configuration or adapter shape that cannot be */
  OL_ERROR_TENSOR = 3,      /* weights: wrong count or format */
  OL_ERROR_MEMORY = 4,
  OL_ERROR_BUSY = 5,        /* a job is using this trainer */
  OL_ERROR_UNAVAILABLE = 6, /* this machine or build lacks the device or instruction set */
  OL_ERROR_CANCELLED = 7,
  OL_ERROR_NUMERIC = 8,     /* a computation gave NaN or infinity */
  OL_ERROR_INTERNAL = 9,
  OL_ERROR_FINITE = 10, /* weights that hold NaN or infinity */
  OL_ERROR_FILE = 11    /* a file of weights cannot be read, or changed */
};

/* Number formats of weights, with ggml's numbers. */
enum {
  OL_FORMAT_F32 = 0,
  OL_FORMAT_F16 = 1,
  OL_FORMAT_Q4_0 = 2,
  OL_FORMAT_Q4_1 = 3,
  OL_FORMAT_Q5_0 = 6,
  OL_FORMAT_Q5_1 = 7,
  OL_FORMAT_Q8_0 = 8,
  OL_FORMAT_Q4_K = 12,
  OL_FORMAT_Q5_K = 13,
  OL_FORMAT_Q6_K = 14,
  OL_FORMAT_BF16 = 30
};

/* How products with weights in a block format are made; spec.md has both. */
enum { OL_ARITHMETIC_F32 = 0, OL_ARITHMETIC_Q8 = 1 };

typedef struct ol_model ol_model;
typedef struct ol_adapter ol_adapter;
typedef struct ol_trainer ol_trainer;
typedef struct ol_session ol_session;
typedef struct ol_job ol_job;

/* "NATIVE_ARGUMENT" and so on. */
const char* ol_status_name(int status);
/* The calling thread's newest error. */
const char* ol_error_text(void);

/* ---- shapes ---- */

typedef struct {
  int32_t vocab, hidden, layers, heads, kv_heads, head_dim, intermediate, max_positions;
  int32_t tied;
  int32_t biases;  /* mask of OL_Q ...: these linears have a bias */
  int32_t qk_norm; /* non-zero: every head of q and k goes through an RMSNorm of its own before RoPE */
  float rms_eps;
  double rope_theta;
  int32_t rope_llama3; /* non-zero: the four fields below hold */
  int32_t rope_original_positions;
  double rope_factor, rope_low, rope_high;
  int32_t rope_divisor_count; /* head_dim / 2, or 0: frequency i is divided by rope_divisors[i] */
  float rope_divisors[512];
} ol_config;

typedef struct {
  char name[128];
  int64_t rows, cols; /* cols 0: a vector of `rows` values */
  int64_t offset, count;
} ol_tensor_info;

/* Bits of a mask of linears (adapter targets, biases), in the fixed module order. */
enum { OL_Q = 1, OL_K = 2, OL_V = 4, OL_O = 8, OL_GATE = 16, OL_UP = 32, OL_DOWN = 64 };

/* Number of tensors, then each of them. */
int ol_model_tensor_count(const ol_config* config, int64_t* count);
int ol_model_tensor(const ol_config* config, int64_t index, ol_tensor_info* info);
int ol_adapter_tensor_count(const ol_config* config, int32_t rank, int32_t targets, int64_t* count);
int ol_adapter_tensor(const ol_config* config, int32_t rank, int32_t targets, int64_t index, ol_tensor_info* info);

int ol_model_init(const ol_config* config, uint64_t seed, float* flat, size_t count);
int ol_adapter_init(const ol_config* config, int32_t rank, int32_t targets, uint64_t seed, float* flat, size_t count);

void ol_half_to_float(float* out, const uint16_t* bits, size_t count);
void ol_bfloat_to_float(float* out, const uint16_t* bits, size_t count);
void ol_float_to_half(uint16_t* out, const float* values, size_t count);

/* ---- handles ---- */

int ol_model_create(const ol_config* config, const float* flat, size_t count, ol_model** out);
void ol_model_destroy(ol_model* model);

/* Where one tensor's bytes are: in memory (read before the call returns) or in a file. */
typedef struct {
  int32_t format;
  int32_t heads; /* > 0: the rows of each of so many heads stand in llama.cpp's order (i, j) -> 2i + j: put back */
  const void* data;
  int32_t file; /* index of the file where data is null */
  uint64_t offset, bytes;
} ol_tensor_source;

typedef struct {
  const char* path;
  uint64_t size; /* a file of another size has changed since its header was read: OL_ERROR_FILE */
} ol_weight_file;

/* One source for every tensor, in canonical order. Weights stay in their formats; vectors are widened. */
int ol_model_load(const ol_config* config, const ol_tensor_source* sources, size_t count, const ol_weight_file* files,
                  size_t file_count, ol_model** out);
/* Bytes that the model's weights take in memory. */
int ol_model_bytes(const ol_model* model, size_t* bytes);
/* fp32 values of one tensor, row-major; `count` as its ol_tensor_info says. */
int ol_model_read(const ol_model* model, int64_t index, float* out, size_t count);
int ol_adapter_bytes(const ol_adapter* adapter, size_t* bytes);
/* Bytes of a row of so many values, 0 where the format has no such row. */
uint64_t ol_format_bytes(int32_t format, int64_t values);

/* y = Wx + b + scale * B(Ax) */
int ol_adapter_create(const ol_config* config, int32_t rank, float scale, int32_t targets, const float* flat,
                      size_t count, ol_adapter** out);
void ol_adapter_destroy(ol_adapter* adapter);

/* m and v may be null (zeros). */
int ol_trainer_create(const ol_config* config, const float* weights, const float* m, const float* v, size_t count,
                      int64_t step, ol_trainer** out);
int ol_trainer_read(const ol_trainer* trainer, float* weights, float* m, float* v, size_t count, int64_t* step);
int ol_trainer_count(const ol_trainer* trainer, size_t* count);
void ol_trainer_destroy(ol_trainer* trainer);

typedef struct {
  int32_t threads;          /* 0: all cores */
  const char* isa;          /* "scalar", "avx2", "avx512", "vnni", "amx"; null or "": the best */
  const char* device;       /* "cpu", "cuda"; null: cpu */
  int32_t microbatch_tokens; /* 0: 1024 */
} ol_session_options;

int ol_session_create(const ol_session_options* options, ol_session** out);
const char* ol_session_isa(const ol_session* session);
const char* ol_session_device(const ol_session* session);
int32_t ol_session_threads(const ol_session* session);
void ol_session_destroy(ol_session* session);

/* 1 if this CPU can run that set. */
int ol_isa_supported(const char* isa);
/* 0: not compiled, 1: compiled but no usable device, 2: usable. `reason` gets a text. */
int ol_cuda_state(char* reason, size_t size);

/* ---- jobs ---- */

/* Sequences end to end: example e is ids[offsets[e]] .. ids[offsets[e+1]-1]; target[t] = 1: token t is predicted. */
typedef struct {
  const int32_t* ids;
  const uint8_t* targets;
  const int32_t* offsets; /* count + 1 */
  int32_t count;
} ol_examples;

typedef struct {
  float beta1, beta2, eps, weight_decay, clip_norm; /* clip_norm 0: off */
  double lr, min_lr;
  int64_t warmup_steps, total_steps;
  int32_t cosine;
} ol_optimizer;

/* Step s trains examples order[step_offsets[s]] .. order[step_offsets[s+1]-1], in this order. */
typedef struct {
  const int32_t* order;
  const int32_t* step_offsets; /* count + 1 */
  int32_t count;
} ol_steps;

/* Outputs by name, see ol_job_output: losses f64 [examples], logprobs f32 [targets], logits, hidden on request. */
int ol_start_evaluate(ol_session*, const ol_model*, const ol_adapter* or_null, const ol_examples*, int32_t logits,
                      int32_t hidden, int32_t arithmetic, ol_job** out);
/* `vocabulary`: only ids below it are chosen (rows past the tokenizer's tokens are padding); 0: all.
   counts i32 [prompts], tokens i32, logits f32, gaps f32, logprobs f32 (all answers end to end). */
int ol_start_generate(ol_session*, const ol_model*, const ol_adapter* or_null, const int32_t* ids,
                      const int32_t* offsets, int32_t prompts, int32_t max_tokens, const int32_t* stop_ids,
                      int32_t stop_count, int32_t vocabulary, int32_t arithmetic, ol_job** out);
/* losses f64 [examples], gradients f32 [model] : summed over the examples, one chain in batch order. */
int ol_start_gradients(ol_session*, const ol_model*, const ol_examples*, ol_job** out);
/* losses f64 [examples], gradients f32 [examples, adapter]. */
int ol_start_lora_gradients(ol_session*, const ol_model*, const ol_adapter*, const ol_examples*, ol_job** out);
/* losses f64 [steps], norms f64 [steps]; the trainer moves on. */
int ol_start_pretrain(ol_session*, ol_trainer*, const ol_examples*, const ol_steps*, const ol_optimizer*,
                      ol_job** out);
/* Where a fine-tuning goes on: after `step` steps, with the moments [count] that its outputs gave then. */
typedef struct {
  const float *m, *v;
  size_t count;
  int64_t step;
} ol_moments;
/* losses f64 [steps], norms f64 [steps]; adapter, m, v f32. `from` null: these are the first steps, and the moments zero.
   A run in parts, each going on from the one before, computes what one run of all steps does. */
int ol_start_lora_train(ol_session*, const ol_model*, const ol_adapter* initial, const ol_moments* from_or_null,
                        const ol_examples*, const ol_steps*, const ol_optimizer*, ol_job** out);

enum { OL_RUNNING = 0, OL_DONE = 1, OL_CANCELLED = 2, OL_FAILED = 3 };

typedef struct {
  int32_t state;
  int32_t status; /* why it failed */
  int64_t done, total;
  double loss; /* newest batch loss, NaN if none */
} ol_progress;

int ol_job_poll(const ol_job* job, ol_progress* progress);
/* Text of a failed job. */
const char* ol_job_error(const ol_job* job);
void ol_job_cancel(ol_job* job);
void ol_job_destroy(ol_job* job);

enum { OL_F32 = 0, OL_F64 = 1, OL_I32 = 2, OL_I8 = 3, OL_I16 = 4 };
/* Outputs exist once the state is OL_DONE. */
int ol_job_output_count(const ol_job* job, int32_t* count);
int ol_job_output(const ol_job* job, int32_t index, const char** name, int32_t* type, size_t* count);
int ol_job_output_read(const ol_job* job, int32_t index, void* buffer, size_t count);

/* C[m,n] = A[m,k] B[k,n], row-major, in the committed order; `repeat` times (bench). */
int ol_gemm(ol_session*, int64_t m, int64_t n, int64_t k, const float* a, const float* b, float* c, int32_t repeat);

/* y[tokens, rows] = x[tokens, cols] W^T for one matrix of `format` whose rows lie end to end, on the session's device (tests). */
int ol_product(ol_session*, int32_t arithmetic, int32_t format, const uint8_t* w, size_t bytes, int64_t rows, int64_t cols,
               const float* x, int64_t tokens, float* y);

#ifdef __cplusplus
}
#endif
#endif

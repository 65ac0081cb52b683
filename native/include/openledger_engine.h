/*
 * The serving engine: many requests to one base model, each with an adapter of its own or none, answered together.
 * Requests join and leave the batch at every token; what a request answers does not depend on its company. One thread
 * an engine; conventions as in openledger.h.
 */
#ifndef OPENLEDGER_ENGINE_H
#define OPENLEDGER_ENGINE_H
#include "openledger.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ol_engine ol_engine;

typedef struct {
  int32_t max_batch;     /* requests that are in the batch at once */
  int32_t max_queue;     /* requests that wait for it */
  int32_t chunk_tokens;  /* prompt tokens of one step, of all requests together */
  int32_t page_tokens;   /* positions of one page of the key-value cache */
  int32_t pages;         /* of all requests together */
  int32_t vocabulary;    /* ids that may be chosen: 0 .. vocabulary-1; 0: all */
  int32_t arithmetic;    /* OL_ARITHMETIC_... */
} ol_engine_options;

/* Sampling in whole numbers, as spec.md tells. All zero but repetition: the largest logit. */
typedef struct {
  uint64_t seed;
  int32_t choice;      /* which of several answers to one prompt */
  int32_t temperature; /* 1/1000; 0: greedy */
  int32_t top_k;       /* 0: all */
  int32_t top_p;       /* 10^-6; 1000000: all */
  int32_t repetition;  /* 1/1000; 1000: none */
  int32_t presence;    /* 1/1000 */
} ol_sampling;

typedef struct {
  const int32_t* ids;
  int32_t count;
  int32_t max_tokens;
  const int32_t* stop_ids; /* the answer ends with one of them */
  int32_t stop_count;
  int32_t top_logprobs; /* 0 .. 20 */
  uint64_t account;     /* whom it is fair to */
  int32_t deadline_ms;  /* from now; 0: none */
  ol_sampling sampling;
} ol_request;

enum {
  OL_TOKEN = 0,
  /* how a request ended */
  OL_ENDED_STOP = 1,
  OL_ENDED_LENGTH = 2,
  OL_ENDED_CANCELLED = 3,
  OL_ENDED_DEADLINE = 4,
  OL_ENDED_NUMERIC = 5, /* logits that are not finite */
  OL_ENDED_FAILED = 6   /* the device, or no memory */
};

enum { OL_TOP_LOGPROBS = 20 };

typedef struct {
  uint64_t request;
  int32_t kind;
  int32_t token;
  float logprob;
  int32_t top_count;
  int32_t top_ids[OL_TOP_LOGPROBS];
  float top_logprobs[OL_TOP_LOGPROBS];
} ol_event;

typedef struct {
  int32_t running, waiting, free_pages;
  int32_t adapters;  /* on the device */
  int64_t steps;     /* micro-batches run */
  int64_t tokens;    /* rows that they had */
  int64_t largest;   /* most requests in one of them */
  int64_t gathered;  /* sequences whose pages were not side by side */
} ol_engine_state;

int ol_engine_create(ol_session*, const ol_model*, const ol_engine_options*, ol_engine** out);
/* Ends all requests as cancelled, waits for the step in hand. */
void ol_engine_destroy(ol_engine*);
/* `adapter` may be null. OL_ERROR_BUSY: the queue is full. */
int ol_engine_submit(ol_engine*, const ol_adapter* adapter, const ol_request*, uint64_t* id);
/* Before the next step; an unknown or ended request is no error. */
void ol_engine_cancel(ol_engine*, uint64_t id);
/* Takes up to `capacity` events, oldest first. */
int ol_engine_events(ol_engine*, ol_event* events, size_t capacity, size_t* count);
int ol_engine_status(ol_engine*, ol_engine_state* state);

/* One choice by the exact rules: logits [n], ids seen before in prompt and answer (tests, verifiers). */
int ol_sample(const float* logits, int32_t n, const int32_t* prompt, int32_t prompt_count, const int32_t* answer,
              int32_t answer_count, const ol_sampling* sampling, int32_t* token);

#ifdef __cplusplus
}
#endif
#endif
